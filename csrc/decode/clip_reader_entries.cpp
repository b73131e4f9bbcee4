// Where a clip reader begins to decode.
#include <algorithm>
#include <vector>

#include "decode/clip_reader.hpp"

namespace mgm {
namespace {

// Earlier entries that are tried before a frame is called damaged.
constexpr int kMostTries = 2;

// Whether decoding can begin at an I-picture alone, whatever the container takes for a key frame.
// H.264 may begin at a picture that is refreshed in parts; other decoders refuse what is no key
// picture.
bool begins_at_intra(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_MPEG4:
    case AV_CODEC_ID_H263:
    case AV_CODEC_ID_H263I:
    case AV_CODEC_ID_H263P:
    case AV_CODEC_ID_FLV1:
    case AV_CODEC_ID_MSMPEG4V1:
    case AV_CODEC_ID_MSMPEG4V2:
    case AV_CODEC_ID_MSMPEG4V3:
    case AV_CODEC_ID_WMV1:
    case AV_CODEC_ID_WMV2:
    case AV_CODEC_ID_WMV3:
    case AV_CODEC_ID_VC1:
    case AV_CODEC_ID_RV10:
    case AV_CODEC_ID_RV20:
      return true;
    default:
      return false;
  }
}

bool is_entry(AVCodecID codec, const AVFrame& first) {
  if (codec == AV_CODEC_ID_HEVC) return (first.flags & AV_FRAME_FLAG_KEY) != 0;  // the NAL's type
  return first.pict_type == AV_PICTURE_TYPE_I;
}

}  // namespace

// Whether decoding began at a picture that refers to others.
bool ClipReader::began_amid() {
  const AVCodecID codec = loop_.decoder().context().codec_id;
  if (codec != AV_CODEC_ID_HEVC && !begins_at_intra(codec)) return false;
  if (loop_.began().packet == 0 || (ahead_.empty() && !pop())) return false;
  const ShownFrame& first = ahead_.front();
  // A seek that went astray may have led to the start of the file meanwhile.
  const std::int64_t began = loop_.began().packet;
  return began > 0 && first.packet == began && !is_entry(codec, *first.frame);
}

// At an entry, or at the nearest before it that is one.
void ClipReader::restart(FrameIndex::Entry entry, std::int64_t target) {
  start_at(entry, target);
  while (began_amid()) {
    false_entries_.insert(loop_.began().packet);
    entry = entry_before(loop_.began());
    start_at(entry, target);
  }
}

void ClipReader::start_at(const FrameIndex::Entry& entry, std::int64_t target) {
  loop_.start(entry);
  positioned_ = true;
  has_pixels_ = has_all_ = true;
  target_ = target;
  pixels_due_ = std::ranges::count_if(wanted_, [target](const Wanted& one) {
    return one.index >= target && one.want == Want::kPixels;
  });
  standby_.reset();
  current_.reset();
  ahead_.clear();
}

FrameIndex::Entry ClipReader::entry_before(FrameIndex::Entry entry) const {
  do entry = loop_.index()->entry_before(entry);
  while (false_entries_.contains(entry.packet));
  return entry;
}

// The one that the container tells.
FrameIndex::Entry ClipReader::nearest_entry(std::int64_t index) const {
  if (!loop_.index()->identified()) return {};
  const FrameIndex::Entry entry = loop_.index()->entry_before(index);
  return false_entries_.contains(entry.packet) ? entry_before(entry) : entry;
}

FrameIndex::Entry ClipReader::entry_for(std::int64_t index) const {
  FrameIndex::Entry entry = nearest_entry(index);
  for (int i = 0; i < kMostTries && bad_entries_.contains(entry.packet); ++i) {
    entry = entry_before(entry);
  }
  return entry;
}

// What looks damaged may be an entry in the midst of a refresh: begins earlier. As far as the
// container's entry tells, not the one where decoding began: another clip may have tried some.
void ClipReader::try_entries(std::int64_t index) {
  const FrameIndex::Entry first = loop_.began();
  const bool was_whole = has_whole(index);
  int tries = 0;
  for (auto entry = nearest_entry(index); entry.packet > first.packet; ++tries) {
    entry = entry_before(entry);
  }
  std::vector<std::int64_t> tried;
  for (; tries < kMostTries; ++tries) {
    const FrameIndex::Entry entry = loop_.began();
    if (entry.packet == 0 || good_entries_.contains(entry.packet)) break;
    tried.push_back(entry.packet);
    restart(entry_before(entry), index);
    read_to(index);
    if (has_whole(index) && (!was_whole || !loop_.damaged())) {
      bad_entries_.insert(tried.begin(), tried.end());
      return;
    }
  }
  good_entries_.insert(first.packet);
}

}  // namespace mgm
