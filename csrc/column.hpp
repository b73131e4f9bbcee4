// A flat array that grows while rows arrive and is then handed over.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace mgm {

// Unlike std::vector it leaves new elements uninitialised, and it grows by realloc, which for large
// arrays moves pages instead of bytes: each row is written once and never copied.
template <class T>
class Column {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Column() = default;
  Column(Column&& other) noexcept
      : data_(std::move(other.data_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Column& operator=(Column&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;
  ~Column() = default;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const T* data() const { return data_.get(); }
  [[nodiscard]] T* data() { return data_.get(); }
  [[nodiscard]] std::span<T> span(std::size_t start, std::size_t count) {
    return {data_.get() + start, count};
  }

  // The first of count new elements, all still to be written.
  [[nodiscard]] T* extend(std::size_t count) {
    if (capacity_ - size_ < count) grow(size_ + count);
    size_ += count;
    return data_.get() + (size_ - count);
  }

 private:
  struct Free {
    void operator()(T* pointer) const noexcept { std::free(pointer); }
  };

  void grow(std::size_t wanted) {
    const std::size_t capacity = std::max({wanted, 2 * capacity_, std::size_t{1024}});
    void* moved = std::realloc(data_.get(), capacity * sizeof(T));
    if (moved == nullptr) throw std::bad_alloc();
    static_cast<void>(data_.release());
    data_.reset(static_cast<T*>(moved));
    capacity_ = capacity;
  }

  std::unique_ptr<T[], Free> data_;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace mgm
