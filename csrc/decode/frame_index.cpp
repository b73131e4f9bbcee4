#include "decode/frame_index.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "taps/mov_index.h"

namespace mgm {
namespace {

// VP8 stores its hidden pictures in packets of their own; bit 4 of the frame tag says shown.
bool is_shown(const AVCodecParameters& codec, const AVPacket& packet) {
  if (codec.codec_id != AV_CODEC_ID_VP8 || packet.size < 1) return true;
  return (packet.data[0] & 0x10) != 0;
}

// libavformat takes every picture of these for a key frame.
bool hides_key_frames(const AVCodecParameters& codec) {
  const AVCodecID id = codec.codec_id;
  return id == AV_CODEC_ID_H261 || id == AV_CODEC_ID_H263 || id == AV_CODEC_ID_H263I ||
         id == AV_CODEC_ID_H263P;
}

// Streams and containers whose packets may be single fields.
bool may_hold_fields(const Demuxer& demuxer) {
  const char* name = demuxer.context().iformat->name;
  const bool whole_frames =
      std::strstr(name, "mp4") != nullptr || std::strstr(name, "matroska") != nullptr;
  const AVFieldOrder order = demuxer.stream().codecpar->field_order;
  return !whole_frames && order != AV_FIELD_PROGRESSIVE && order != AV_FIELD_UNKNOWN;
}

}  // namespace

std::optional<std::vector<FrameIndex::Packet>> FrameIndex::from_header(const Demuxer& demuxer) {
  AVStream& stream = demuxer.stream();
  const int count = avformat_index_get_entries_count(&stream);
  if (count <= 0) return std::nullopt;
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(count));
  if (mgm_mov_pts_offsets(&demuxer.context(), &stream, offsets.data(), count) < 0) {
    return std::nullopt;
  }
  std::vector<Packet> packets(offsets.size());
  for (int i = 0; i < count; ++i) {
    const AVIndexEntry& entry = *avformat_index_get_entry(&stream, i);
    const auto at = static_cast<std::size_t>(i);
    packets[at] = {.pts = entry.timestamp + offsets[at],
                   .dts = entry.timestamp,
                   .key = (entry.flags & AVINDEX_KEYFRAME) != 0,
                   .shown = (entry.flags & AVINDEX_DISCARD_FRAME) == 0};
  }
  return packets;
}

std::vector<FrameIndex::Packet> FrameIndex::from_packets(Demuxer& demuxer) {
  std::vector<Packet> packets;
  const libav::Packet packet = libav::make_packet();
  while (demuxer.read(*packet)) {
    const bool discard = (packet->flags & AV_PKT_FLAG_DISCARD) != 0;
    packets.push_back({.pts = packet->pts,
                       .dts = packet->dts,
                       .key = (packet->flags & AV_PKT_FLAG_KEY) != 0,
                       .shown = !discard && is_shown(*demuxer.stream().codecpar, *packet)});
  }
  return packets;
}

void FrameIndex::build(const std::vector<Packet>& packets) {
  const auto first_key = std::ranges::find_if(packets, &Packet::key);
  if (first_key == packets.end() || first_key != packets.begin()) return;
  for (const Packet& packet : packets) {
    // Whether a picture before the first key frame can be decoded only the decoder knows.
    if (packet.pts == AV_NOPTS_VALUE || packet.pts < first_key->pts) return;
    if (packet.shown) pts_.push_back(packet.pts);
  }
  std::ranges::sort(pts_);
  if (pts_.empty() || std::ranges::adjacent_find(pts_) != pts_.end()) return;
  for (const Packet& packet : packets) {
    if (!packet.key) continue;
    const auto at = std::ranges::lower_bound(pts_, packet.pts) - pts_.begin();
    keys_.push_back({.index = at, .pts = packet.pts, .dts = packet.dts});
  }
  std::ranges::sort(keys_, {}, &Key::pts);
  reordered_ = !std::ranges::is_sorted(packets, {}, &Packet::pts);
  exact_ = true;
}

FrameIndex FrameIndex::read(Demuxer& demuxer, bool& rewound) {
  FrameIndex index;
  rewound = true;
  if (may_hold_fields(demuxer)) return index;
  auto packets = from_header(demuxer);
  if (!packets) {
    packets = from_packets(demuxer);
    rewound = false;
  }
  if (hides_key_frames(*demuxer.stream().codecpar) && !packets->empty()) {
    for (Packet& packet : std::span(*packets).subspan(1)) packet.key = false;
  }
  index.build(*packets);
  return index;
}

std::optional<std::int64_t> FrameIndex::index_of(std::int64_t pts) const {
  const auto at = std::ranges::lower_bound(pts_, pts);
  if (at == pts_.end() || *at != pts) return std::nullopt;
  return at - pts_.begin();
}

const FrameIndex::Key& FrameIndex::key_before(std::int64_t index) const {
  const auto after = std::ranges::upper_bound(keys_, pts(index), {}, &Key::pts);
  return after == keys_.begin() ? keys_.front() : *(after - 1);
}

}  // namespace mgm
