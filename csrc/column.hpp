// A flat array that grows while rows arrive and is then handed over.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "growing_bytes.hpp"

namespace mgm {

// Unlike std::vector it leaves new elements uninitialised: each row is written once.
template <class T>
class Column {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Column() = default;
  Column(Column&& other) noexcept
      : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
  Column& operator=(Column&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;
  ~Column() = default;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const T* data() const { return static_cast<const T*>(bytes_.data()); }
  [[nodiscard]] T* data() { return static_cast<T*>(bytes_.data()); }
  [[nodiscard]] std::span<T> span(std::size_t start, std::size_t count) {
    return {data() + start, count};
  }

  // The first of count new elements, all still to be written.
  [[nodiscard]] T* extend(std::size_t count) {
    const std::size_t bytes = (size_ + count) * sizeof(T);
    if (bytes > bytes_.ready()) bytes_.grow(bytes);
    return data() + std::exchange(size_, size_ + count);
  }

 private:
  GrowingBytes bytes_;
  std::size_t size_ = 0;
};

}  // namespace mgm
