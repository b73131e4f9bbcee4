// Memory that grows at its end, for arrays whose length is known only when they are done.
#pragma once

#include <cstddef>

namespace mgm {

// Small ones lie on the heap. Large ones have pages of their own: growing moves the pages instead
// of the bytes, and pages are asked for in runs, which costs half of a fault for each. New bytes
// are uninitialised.
class GrowingBytes {
 public:
  GrowingBytes() = default;
  GrowingBytes(GrowingBytes&& other) noexcept;
  GrowingBytes& operator=(GrowingBytes&& other) noexcept;
  GrowingBytes(const GrowingBytes&) = delete;
  GrowingBytes& operator=(const GrowingBytes&) = delete;
  ~GrowingBytes();

  [[nodiscard]] void* data() const { return data_; }
  // How many bytes may be written without growing.
  [[nodiscard]] std::size_t ready() const { return ready_; }
  // Makes at least `wanted` bytes ready; the address may change. Throws std::bad_alloc.
  void grow(std::size_t wanted);

 private:
  void reserve(std::size_t capacity);

  void* data_ = nullptr;
  std::size_t capacity_ = 0, ready_ = 0;
  bool mapped_ = false;
};

}  // namespace mgm
