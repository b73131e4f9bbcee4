// A packet loop that reads every frame in turn.
#include <utility>

#include "decode/container_index.hpp"
#include "decode/packet_loop.hpp"
#include "decode/video_info.hpp"
#include "error.hpp"

namespace mgm {

void PacketLoop::begin(std::int64_t first) {
  first_ = turn_ = first;
  in_turn_ = true;
  const bool from_index = index_ && index_->identified() && first < index_->num_frames();
  start(from_index ? index_->entry_before(first) : FrameIndex::Entry{});
}

// Numbers the frames to come as the decoder puts them out; until here both numbers are the same.
void PacketLoop::renumber() {
  index_ = nullptr;
  rewind();
}

// Holds a frame that is due now or later; false at the end.
bool PacketLoop::take_turn() {
  for (;;) {
    if (held_ && held_->index >= turn_) return true;
    ShownFrame shown;
    try {
      if (!next(shown)) return false;
    } catch (const WrongIndex&) {
      renumber();
      continue;
    }
    held_ = std::move(shown);
  }
}

bool PacketLoop::next_in_turn(ShownFrame& shown) {
  const bool found = take_turn();
  if (!found && last_frame_ < began_.frame) {
    throw DecodeError(demuxer_->name(), std::nullopt, "no frame could be decoded");
  }
  if (found && held_->index == turn_) {
    shown = std::move(*held_);
    held_.reset();
    ++turn_;
    return true;
  }
  if (!found && (!index_ || turn_ >= index_->num_frames())) return false;
  damage_.add();
  if (options_.strict) fail("the frame is missing from a damaged stream (strict=True)");
  shown = {};
  shown.index = turn_++;
  return true;
}

std::vector<std::int64_t> PacketLoop::times() const {
  std::vector<std::int64_t> times;
  std::optional<FrameIndex> counted;
  if (!index_) {
    counted.emplace(packets_, stores_decoding_times(demuxer_->context()));
    counted->number(packets_of_frames_);
  }
  const FrameIndex& index = index_ ? *index_ : *counted;
  for (std::int64_t frame = first_; frame < turn_; ++frame) times.push_back(index.pts(frame));
  return times;
}

std::int64_t PacketLoop::packet_bytes(std::int64_t packet) const {
  if (packet < 0) return -1;
  if (index_) return packet < index_->num_packets() ? index_->packet(packet).size : -1;
  const auto at = static_cast<std::size_t>(packet);
  return at < packets_.size() ? packets_[at].size : -1;
}

VideoInfo PacketLoop::info() const {
  VideoInfo info = describe_stream(*demuxer_, options_.rotate);
  info.damaged = damaged();
  info.has_vectors = decoder_->tapped();
  sizes_.describe(info);
  const AVCodecContext& context = decoder_->context();
  describe_format(info, context.codec_id, context.profile, context.pix_fmt);
  if (index_) describe_rate(info, *index_);
  if (drained_ && !held_) {
    info.num_frames = turn_;
    info.key_frames = key_frames_;
  }
  return info;
}

}  // namespace mgm
