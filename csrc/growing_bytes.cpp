#include "growing_bytes.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace mgm {
namespace {

constexpr std::size_t kLeast = std::size_t{4} << 10;
// From here on pages of its own. All threads of a process pay for what one maps and unmaps: the
// results of a clip are smaller, and the heap has pages for them at hand.
constexpr std::size_t kMapped = std::size_t{1} << 20;
constexpr std::size_t kRun = std::size_t{64} << 10;  // pages asked for at once

std::size_t rounded_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

void* map_pages(std::size_t bytes) {
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  return pages;
}

}  // namespace

GrowingBytes::GrowingBytes(GrowingBytes&& other) noexcept { *this = std::move(other); }

GrowingBytes& GrowingBytes::operator=(GrowingBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(capacity_, other.capacity_);
  std::swap(ready_, other.ready_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

GrowingBytes::~GrowingBytes() {
  if (mapped_) {
    munmap(data_, capacity_);
  } else {
    std::free(data_);
  }
}

void GrowingBytes::reserve(std::size_t capacity) {
  if (capacity < kMapped) {
    void* moved = std::realloc(data_, capacity);
    if (moved == nullptr) throw std::bad_alloc();
    data_ = moved;
  } else if (mapped_) {
    void* moved = mremap(data_, capacity_, capacity, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) throw std::bad_alloc();
    data_ = moved;
  } else {
    void* pages = map_pages(capacity);
    if (data_ != nullptr) std::memcpy(pages, data_, ready_);
    std::free(data_);
    data_ = pages;
    mapped_ = true;
    ready_ = 0;
  }
  capacity_ = capacity;
}

void GrowingBytes::grow(std::size_t wanted) {
  if (wanted > capacity_) {
    const std::size_t least = std::max({wanted, 2 * capacity_, kLeast});
    reserve(least < kMapped ? least : rounded_up(least, kRun));
  }
  if (!mapped_) {
    ready_ = capacity_;
    return;
  }
  const std::size_t ready = std::min(rounded_up(wanted, kRun), capacity_);
#ifdef MADV_POPULATE_WRITE
  // Where it fails, pages come one by one as they are written.
  static_cast<void>(
      madvise(static_cast<std::byte*>(data_) + ready_, ready - ready_, MADV_POPULATE_WRITE));
#endif
  ready_ = ready;
}

}  // namespace mgm
