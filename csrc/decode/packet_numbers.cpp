// Which index a packet loop numbers frames by.
#include <memory>
#include <utility>

#include "decode/container_index.hpp"
#include "decode/decoded_order.hpp"
#include "decode/packet_loop.hpp"

namespace mgm {

// Numbered where the times of packets tell; right: and a decoder agrees.
FrameIndex PacketLoop::container_index(bool& right) {
  untouched_ = false;
  bool rewound = true;
  FrameIndex index = read_container_index(*demuxer_, rewound);
  right = index.numbered() && is_right(index, source_, options_, *demuxer_, *decoder_);
  untouched_ = rewound && !source_.read;  // another reader may have moved a file object's position
  return index;
}

void PacketLoop::number_by_container() {
  if ((demuxer_->context().iformat->flags & AVFMT_NOTIMESTAMPS) != 0) return;
  bool right = false;
  FrameIndex index = container_index(right);
  if (right) index_ = std::make_shared<FrameIndex>(std::move(index));
}

void PacketLoop::number_all(bool in_any_case) {
  bool right = false;
  FrameIndex index = container_index(right);
  if (!right || in_any_case) number_by_decoding(index, source_, options_);
  index_ = std::make_shared<FrameIndex>(std::move(index));
}

}  // namespace mgm
