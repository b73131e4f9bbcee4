#include "decode/file_heads.hpp"

#include <algorithm>

namespace mgm {
namespace {

// Read at least: what stands before the payload of a block of Matroska, and what of that tells of a
// key frame.
constexpr std::size_t kAhead = 48;

}  // namespace

std::span<const std::uint8_t> FileHeads::at(std::int64_t place, std::size_t count) {
  const auto end = place + static_cast<std::int64_t>(count);
  if (place < begin_ || end > begin_ + std::ssize(bytes_)) {
    bytes_.resize(std::max(count, kAhead));
    bytes_.resize(demuxer_.peek(place, bytes_));
    begin_ = place;
    fetched_ += std::ssize(bytes_);
  }
  const std::span rest =
      std::span<const std::uint8_t>(bytes_).subspan(static_cast<std::size_t>(place - begin_));
  return rest.first(std::min(count, rest.size()));
}

}  // namespace mgm
