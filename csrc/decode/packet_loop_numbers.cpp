// Which index a packet loop numbers frames by.
#include <memory>
#include <utility>

#include "decode/container_index.hpp"
#include "decode/decoded_order.hpp"
#include "decode/packet_loop.hpp"

namespace mgm {

FrameIndex PacketLoop::container_index() {
  untouched_ = false;
  bool rewound = true;
  FrameIndex index = read_container_index(*demuxer_, rewound);
  untouched_ = rewound && !source_.read;  // another reader may have moved a file object's position
  return index;
}

// Numbered where the times of packets tell, and a decoder agrees.
bool PacketLoop::is_right(const FrameIndex& index) const {
  return index.numbered() && mgm::is_right(index, source_, options_, *demuxer_, *decoder_);
}

void PacketLoop::number_by_container() {
  if ((demuxer_->context().iformat->flags & AVFMT_NOTIMESTAMPS) != 0) return;
  FrameIndex index = container_index();
  if (is_right(index)) index_ = std::make_shared<FrameIndex>(std::move(index));
}

void PacketLoop::number_all(bool in_any_case) {
  FrameIndex index = container_index();
  if (in_any_case || !is_right(index)) number_by_decoding(index, source_, options_);
  index_ = std::make_shared<FrameIndex>(std::move(index));
}

void PacketLoop::learn_from(const PacketLoop& other) {
  if (other.index_ == nullptr) return;
  static_cast<void>(container_index());
  index_ = other.index_;
  sizes_ = other.sizes_;
}

}  // namespace mgm
