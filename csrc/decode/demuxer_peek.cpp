#include <algorithm>
#include <utility>

#include "decode/demuxer.hpp"

namespace mgm {

std::size_t Demuxer::peek(std::int64_t place, std::span<std::uint8_t> buffer) {
  AVIOContext& io = *context_->pb;
  const std::int64_t before = avio_tell(&io);
  const int direct = std::exchange(io.direct, 1);  // past libavformat's buffer
  int count = 0;
  if (avio_seek(&io, place, SEEK_SET) >= 0) {
    count = avio_read(&io, buffer.data(), static_cast<int>(buffer.size()));
  }
  avio_seek(&io, before, SEEK_SET);
  io.direct = direct;
  rethrow();
  return static_cast<std::size_t>(std::max(count, 0));
}

}  // namespace mgm
