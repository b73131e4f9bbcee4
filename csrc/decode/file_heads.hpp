#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "decode/demuxer.hpp"

namespace mgm {

// A file looked at in places, a few bytes at each: what lies between them is not read.
class FileHeads {
 public:
  explicit FileHeads(Demuxer& demuxer) : demuxer_(demuxer), size_(demuxer.size()) {}

  // Bytes of the file, negative where unknown.
  [[nodiscard]] std::int64_t size() const { return size_; }
  // Bytes read so far.
  [[nodiscard]] std::int64_t fetched() const { return fetched_; }
  // `count` bytes from `place` on, fewer where the file ends; until the next call.
  [[nodiscard]] std::span<const std::uint8_t> at(std::int64_t place, std::size_t count);

 private:
  Demuxer& demuxer_;
  std::int64_t size_, fetched_ = 0;
  std::int64_t begin_ = 0;  // of bytes_ in the file
  std::vector<std::uint8_t> bytes_;
};

}  // namespace mgm
