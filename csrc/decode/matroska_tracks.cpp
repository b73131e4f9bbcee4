#include "decode/matroska_tracks.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace mgm {
namespace {

using ebml::Element;

constexpr std::uint32_t kTrackEntry = 0xae, kTrackNumber = 0xd7, kTrackType = 0x83, kCodecId = 0x86,
                        kContentEncodings = 0x6d80, kTimestampScale = 0x23314f,
                        kCodecDelay = 0x56aa;
constexpr std::uint64_t kVideo = 1;

struct Track {
  std::uint64_t number = 0, type = 0;
  std::string codec;
  bool plain = true;  // its blocks hold its packets, at the times of the file's clock
};

// Calls `visit` with each child until one is refused.
template <class Visit>
bool all_children(FileHeads& file, const Element& parent, Visit visit) {
  std::int64_t place = parent.data;
  while (place < parent.end()) {
    const auto child = ebml::element_at(file, place);
    if (!child || !child->sized() || child->end() > parent.end() || !visit(*child)) return false;
    place = child->end();
  }
  return true;
}

bool read_unsigned(FileHeads& file, const Element& element, std::uint64_t& value) {
  const auto read = ebml::unsigned_of(file, element);
  value = read.value_or(0);
  return read.has_value();
}

bool is_one(FileHeads& file, const Element& element) {
  const auto bits = ebml::unsigned_of(file, element);
  return bits == (element.size == 4 ? 0x3f800000 : 0x3ff0000000000000);
}

bool read_text(FileHeads& file, const Element& element, std::string& text) {
  constexpr std::int64_t kLongest = 64;
  if (element.size > kLongest) return false;
  const auto bytes = file.at(element.data, static_cast<std::size_t>(element.size));
  text.assign(bytes.begin(), bytes.end());
  return true;
}

bool read_field(FileHeads& file, const Element& field, Track& track) {
  std::uint64_t value = 0;
  switch (field.id) {
    case kTrackNumber:
      return std::exchange(track.number, 0) == 0 && read_unsigned(file, field, track.number);
    case kTrackType:
      return read_unsigned(file, field, track.type);
    case kCodecId:
      return read_text(file, field, track.codec);
    case kContentEncodings:
      track.plain = false;
      return true;
    case kTimestampScale:
      track.plain = track.plain && is_one(file, field);
      return true;
    case kCodecDelay:
      track.plain = track.plain && read_unsigned(file, field, value) && value == 0;
      return true;
    default:
      return true;
  }
}

// Under their own names, not as what AVI would hold.
bool is_named(const Track& track, AVCodecID codec) {
  constexpr std::pair<AVCodecID, std::string_view> kNames[] = {
      {AV_CODEC_ID_H264, "V_MPEG4/ISO/AVC"},
      {AV_CODEC_ID_HEVC, "V_MPEGH/ISO/HEVC"},
      {AV_CODEC_ID_VP8, "V_VP8"},
      {AV_CODEC_ID_VP9, "V_VP9"},
      {AV_CODEC_ID_AV1, "V_AV1"},
  };
  return std::ranges::any_of(
      kNames, [&](const auto& name) { return name.first == codec && name.second == track.codec; });
}

bool is_track(const AVStream& stream) {
  return stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
         (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
}

}  // namespace

std::optional<MatroskaTracks> MatroskaTracks::read(FileHeads& file, const Element& element,
                                                   const Demuxer& demuxer) {
  MatroskaTracks tracks;
  std::vector<Track> videos;
  const bool understood = all_children(file, element, [&](const Element& entry) {
    if (entry.id != kTrackEntry) return true;
    Track track;
    const auto read = [&](const Element& field) { return read_field(file, field, track); };
    if (!all_children(file, entry, read)) return false;
    if (track.number == 0 || tracks.has(track.number)) return false;
    tracks.all.push_back(track.number);
    if (track.type == kVideo) videos.push_back(std::move(track));
    return true;
  });
  // libavformat makes a stream of each, in this order.
  const AVFormatContext& context = demuxer.context();
  const std::span streams(context.streams, context.nb_streams);
  const auto count = std::ranges::count_if(streams, [](auto* one) { return is_track(*one); });
  if (!understood || count != std::ssize(videos) || !is_track(demuxer.stream())) {
    return std::nullopt;
  }
  const auto before = streams.first(static_cast<std::size_t>(demuxer.stream().index));
  const auto place = std::ranges::count_if(before, [](auto* one) { return is_track(*one); });
  const Track& track = videos[static_cast<std::size_t>(place)];
  if (!track.plain || !is_named(track, demuxer.stream().codecpar->codec_id)) return std::nullopt;
  tracks.wanted = track.number;
  return tracks;
}

bool MatroskaTracks::has(std::uint64_t number) const {
  return std::ranges::find(all, number) != all.end();
}

}  // namespace mgm
