#include "decode/container_index.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "decode/hidden_pictures.hpp"
#include "decode/matroska_blocks.hpp"
#include "error.hpp"
#include "taps/mov_index.h"
#include "taps/parameter_sets.h"

namespace mgm {
namespace {

// A VOP of MPEG-4 that is not coded, and brings no frame, has no more bytes.
constexpr int kEmptyVop = 7;

std::int64_t plain_time(std::int64_t time) { return time == AV_NOPTS_VALUE ? kNoPts : time; }

// libavformat takes every picture of these for a key frame.
bool hides_key_frames(const AVCodecParameters& codec) {
  const AVCodecID id = codec.codec_id;
  return id == AV_CODEC_ID_H261 || id == AV_CODEC_ID_H263 || id == AV_CODEC_ID_H263I ||
         id == AV_CODEC_ID_H263P;
}

// Some packets hold no picture.
bool has_empty_pictures(const FrameIndex& index) {
  for (std::int64_t i = 0; i < index.num_packets(); ++i) {
    if (index.packet(i).size <= kEmptyVop) return true;
  }
  return false;
}

// An edit list shows another part of the media after one: where their times meet, these do not tell
// which frame comes first.
bool has_second_edit(const FrameIndex& index) {
  for (std::int64_t i = 1; i < index.num_packets(); ++i) {
    if (index.begins_part(i)) return true;
  }
  return false;
}

// Where some packets are fields and others frames, the times of packets lie unevenly.
bool has_even_distances(const FrameIndex& index) {
  // Times may be any 64 bits.
  double least = std::numeric_limits<double>::infinity(), most = 0;
  const auto time = [&index](std::int64_t frame) { return static_cast<double>(index.pts(frame)); };
  for (std::int64_t frame = 1; frame < index.num_frames(); ++frame) {
    const double distance = time(frame) - time(frame - 1);
    least = std::min(least, distance);
    most = std::max(most, distance);
  }
  return 2 * most < 3 * least || index.num_frames() < 3;
}

}  // namespace

bool stores_decoding_times(const AVFormatContext& context) {
  const std::string_view name = context.iformat->name;
  return name == "avi" || name == "asf";
}

bool may_hold_fields(const PacketDecoder& decoder) {
  return mgm_may_hold_fields(&decoder.context()) != 0;
}

FrameIndex::Packet describe_packet(const Demuxer& demuxer, const AVPacket& packet) {
  const bool discard = (packet.flags & AV_PKT_FLAG_DISCARD) != 0;
  const std::span data(packet.data, static_cast<std::size_t>(packet.size));
  const AVCodecID codec = demuxer.stream().codecpar->codec_id;
  return {.pts = plain_time(packet.pts),
          .dts = plain_time(packet.dts),
          .pos = packet.pos,
          .size = packet.size,
          .key = (packet.flags & AV_PKT_FLAG_KEY) != 0,
          .shown = !discard && (data.empty() || is_shown(codec, data.front(), data.back()))};
}

std::optional<std::vector<FrameIndex::Packet>> list_packets(const Demuxer& demuxer) {
  AVStream& stream = demuxer.stream();
  const int count = avformat_index_get_entries_count(&stream);
  if (count <= 0) return std::nullopt;
  MgmSamples samples;
  if (mgm_mov_samples(&demuxer.context(), &stream, &samples) < 0) return std::nullopt;
  std::vector<FrameIndex::Packet> packets(static_cast<std::size_t>(count));
  const std::int64_t file_size = demuxer.size();
  for (int i = 0; i < count; ++i) {
    const AVIndexEntry& entry = *avformat_index_get_entry(&stream, i);
    packets[static_cast<std::size_t>(i)] = {
        .pts = entry.timestamp + mgm_mov_next_offset(&samples),
        .dts = entry.timestamp,
        .pos = entry.pos,
        .size = entry.size,
        .key = (entry.flags & AVINDEX_KEYFRAME) != 0,
        .shown = (entry.flags & AVINDEX_DISCARD_FRAME) == 0,
        .within = file_size < 0 || entry.pos + entry.size <= file_size};
  }
  return packets;
}

std::vector<FrameIndex::Packet> pass_over_packets(Demuxer& demuxer, HeaderLog* headers) {
  std::vector<FrameIndex::Packet> packets;
  const libav::Packet packet = libav::make_packet();
  while (demuxer.read(*packet)) {
    if (std::ssize(packets) == FrameIndex::kMostPackets) {
      throw DecodeError(demuxer.name(), std::nullopt, "more packets than can be numbered");
    }
    if (headers != nullptr && packet->size > 0) {
      headers->see(std::ssize(packets), {packet->data, static_cast<std::size_t>(packet->size)});
    }
    packets.push_back(describe_packet(demuxer, *packet));
  }
  return packets;
}

FrameIndex read_container_index(Demuxer& demuxer, bool& rewound) {
  auto packets = list_packets(demuxer);
  const bool listed = packets.has_value();
  std::optional<HeaderLog> headers(*demuxer.stream().codecpar);
  if (!packets) packets = list_blocks(demuxer, *headers);
  rewound = packets.has_value();
  if (!packets) {
    headers.emplace(*demuxer.stream().codecpar);
    packets = pass_over_packets(demuxer, &*headers);
  }
  if (hides_key_frames(*demuxer.stream().codecpar) && !packets->empty()) {
    for (FrameIndex::Packet& packet : std::span(*packets).subspan(1)) packet.key = false;
  }
  FrameIndex index(std::move(*packets), stores_decoding_times(demuxer.context()));
  if (!listed) index.set_headers(std::move(*headers));
  // The times of a raw stream are invented.
  if ((demuxer.context().iformat->flags & AVFMT_NOTIMESTAMPS) == 0) {
    static_cast<void>(index.number_by_times());
  }
  return index;
}

Doubt doubt_of(const FrameIndex& index, const Demuxer& demuxer, const PacketDecoder& decoder) {
  if (demuxer.stream().codecpar->codec_id == AV_CODEC_ID_MPEG4 && has_empty_pictures(index)) {
    return Doubt::kWholeFile;
  }
  const bool has_edits =
      std::string_view(demuxer.context().iformat->name).find("mp4") != std::string_view::npos;
  if (has_edits && has_second_edit(index)) return Doubt::kWholeFile;
  const bool fields = may_hold_fields(decoder);
  if (fields && !has_even_distances(index)) return Doubt::kWholeFile;
  const bool reorders = mgm_may_reorder(&decoder.context()) != 0 && index.in_decoding_order();
  return fields || reorders ? Doubt::kFirstPictures : Doubt::kNone;
}

}  // namespace mgm
