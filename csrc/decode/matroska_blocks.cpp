#include "decode/matroska_blocks.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include "decode/ebml.hpp"
#include "decode/hidden_pictures.hpp"
#include "decode/key_parser.hpp"
#include "decode/matroska_tracks.hpp"

namespace mgm {
namespace {

using ebml::Element;

constexpr std::uint32_t kHeader = 0x1a45dfa3, kSegment = 0x18538067, kCluster = 0x1f43b675,
                        kTracks = 0x1654ae6b, kTimestamp = 0xe7, kSimpleBlock = 0xa3,
                        kBlockGroup = 0xa0, kBlock = 0xa1, kReference = 0xfb, kDuration = 0x9b,
                        kAdditions = 0x75a1, kPadding = 0x75a2;
// What a segment consists of besides clusters: Info, Tracks, Attachments, Chapters, Cues, Tags and
// SeekHead.
constexpr std::uint32_t kTopLevel[] = {kCluster,   0x1549a966, kTracks,    0x1941a469,
                                       0x1043a770, 0x1c53bb6b, 0x1254c367, 0x114d9b74};
// Longer ones libavformat refuses.
constexpr std::int64_t kLongestBlock = 0x10000000;
constexpr std::int64_t kLatest = std::int64_t{1} << 52;  // libavformat reckons in double
// Where so much of the file is headers, reading it in one go is no slower.
constexpr std::int64_t kMostFetched = 8, kFreeFetched = 1 << 16;

// Goes from header to header as libavformat does, and gives up where it would not go on so.
class Walk {
 public:
  Walk(Demuxer& demuxer, HeaderLog& headers)
      : demuxer_(demuxer), file_(demuxer), keys_(demuxer.stream()), headers_(headers) {}

  [[nodiscard]] bool run() {
    if (file_.size() <= 0 || !keys_.knows_codec()) return false;
    const auto header = ebml::element_at(file_, 0);
    if (!header || header->id != kHeader || !header->sized()) return false;
    const auto segment = ebml::element_at(file_, header->end());
    if (!segment || segment->id != kSegment) return false;
    sized_ = segment->sized();
    if (sized_ && segment->end() != file_.size()) return false;
    std::int64_t place = segment->data;
    while (place < file_.size()) {
      const auto next = pass(place);
      if (!next) return false;
      place = *next;
    }
    return !packets_.empty();
  }

  // libavformat remembers where key frames lie when it reads over them, and seeks by that.
  void remember_keys() {
    constexpr std::size_t kMost = 20000;  // of a bounded list
    const std::size_t step = 1 + marks_.size() / kMost;
    for (std::size_t i = 0; i < marks_.size(); i += step) {
      av_add_index_entry(&demuxer_.stream(), marks_[i].cluster, marks_[i].pts, 0, 0,
                         AVINDEX_KEYFRAME);
    }
  }

  [[nodiscard]] std::vector<FrameIndex::Packet> take() { return std::move(packets_); }

 private:
  struct Mark {
    std::int64_t cluster, pts;
  };
  struct Group {
    std::optional<Element> block;
    bool refers = false, padded = false;
  };

  [[nodiscard]] bool is_too_much() const {
    return file_.fetched() > kFreeFetched + file_.size() / kMostFetched;
  }

  // Over an element of the segment; where the next one begins.
  std::optional<std::int64_t> pass(std::int64_t place) {
    const auto element = ebml::element_at(file_, place);
    if (!element || is_too_much()) return std::nullopt;
    if (element->id == kCluster) return pass_cluster(*element, place);
    if (!element->sized()) return std::nullopt;
    if (element->id == kTracks) {
      if (tracks_ || !packets_.empty()) return std::nullopt;
      tracks_ = MatroskaTracks::read(file_, *element, demuxer_);
      if (!tracks_) return std::nullopt;
    }
    return element->end();
  }

  std::optional<std::int64_t> pass_cluster(const Element& cluster, std::int64_t place) {
    if (!tracks_ || (!cluster.sized() && sized_)) return std::nullopt;
    cluster_ = place;
    time_.reset();
    const std::int64_t end = cluster.sized() ? cluster.end() : file_.size();
    for (place = cluster.data; place < end;) {
      const auto child = ebml::element_at(file_, place);
      if (!child || is_too_much()) return std::nullopt;
      const bool is_next = std::ranges::find(kTopLevel, child->id) != std::end(kTopLevel);
      if (!cluster.sized() && is_next) return place;
      if (!child->sized() || child->end() > end || !take_child(*child)) return std::nullopt;
      place = child->end();
    }
    return place;
  }

  bool take_child(const Element& child) {
    switch (child.id) {
      case kTimestamp:
        if (time_) return false;
        time_ = ebml::unsigned_of(file_, child);
        return time_ && *time_ < kLatest;
      case kSimpleBlock:
        return take_block(child, nullptr);
      case kBlockGroup:
        return take_group(child);
      default:
        return true;
    }
  }

  bool take_group(const Element& group) {
    Group read;
    for (std::int64_t place = group.data; place < group.end();) {
      const auto child = ebml::element_at(file_, place);
      if (!child || !child->sized() || child->end() > group.end()) return false;
      if (!take_part(*child, read)) return false;
      place = child->end();
    }
    return read.block && take_block(*read.block, &read);
  }

  static bool take_part(const Element& part, Group& group) {
    constexpr std::int64_t kLongestNumber = 8;
    switch (part.id) {
      case kBlock:
        if (group.block) return false;
        group.block = part;
        return true;
      case kReference:
        group.refers = true;
        return part.size <= kLongestNumber;
      case kPadding:
        group.padded = true;
        return part.size <= kLongestNumber;
      case kDuration:
        return part.size <= kLongestNumber;
      case kAdditions:
        return false;
      default:
        return true;
    }
  }

  // A block in a group does not say itself whether it is a key frame.
  bool take_block(const Element& block, const Group* group) {
    constexpr std::int64_t kTimeAndFlags = 3;
    if (!time_ || block.size > kLongestBlock) return false;
    const auto bytes =
        file_.at(block.data, static_cast<std::size_t>(std::min<std::int64_t>(block.size, 12)));
    const auto track = ebml::read_number(bytes, 8);
    if (!track || block.size < track->length + kTimeAndFlags) return false;
    if (track->value != tracks_->wanted) return tracks_->has(track->value);
    const auto rest = bytes.subspan(static_cast<std::size_t>(track->length));
    if (std::ssize(rest) < kTimeAndFlags) return false;
    const auto after = static_cast<std::int16_t>(rest[0] << 8 | rest[1]);
    constexpr int kLacing = 0x06, kKey = 0x80;
    if ((rest[2] & kLacing) != 0 || (group != nullptr && group->padded)) return false;
    const std::int64_t head = track->length + kTimeAndFlags;
    return add({.place = block.data + head,
                .size = block.size - head,
                .marked = group != nullptr ? !group->refers : (rest[2] & kKey) != 0},
               static_cast<std::int64_t>(*time_) + after, block.data);
  }

  bool add(const KeyParser::Payload& payload, std::int64_t pts, std::int64_t place) {
    if (pts < 0 || payload.size == 0) return false;
    if (std::ssize(packets_) == FrameIndex::kMostPackets) return false;
    if (payload.marked) marks_.push_back({.cluster = cluster_, .pts = pts});
    const auto key = keys_.is_key(file_, payload);
    if (!key || !log_headers(payload)) return false;
    packets_.push_back({.pts = pts,
                        .pos = place,
                        .size = static_cast<int>(payload.size),
                        .key = *key,
                        .shown = shows(payload)});
    return true;
  }

  // Those before the first picture; false where they are too long to be any.
  bool log_headers(const KeyParser::Payload& payload) {
    constexpr std::int64_t kLongest = 1 << 16;
    const auto prefix = static_cast<std::int64_t>(headers_.length_bytes());
    std::vector<std::uint8_t> units;
    for (std::int64_t place = 0; prefix > 0 && place + prefix < payload.size;) {
      const auto bytes = file_.at(payload.place + place, static_cast<std::size_t>(prefix) + 1);
      if (std::ssize(bytes) <= prefix) return false;
      std::int64_t length = 0;
      for (std::int64_t i = 0; i < prefix; ++i) {
        length = length << 8 | bytes[static_cast<std::size_t>(i)];
      }
      length += prefix;
      const HeaderLog::Kind kind = headers_.kind_of(bytes.back());
      if (kind == HeaderLog::Kind::kPicture) break;
      if (length > payload.size - place || place > kLongest) return false;
      if (kind == HeaderLog::Kind::kHeader) {
        if (std::ssize(units) + length > kLongest) return false;
        const auto unit = file_.at(payload.place + place, static_cast<std::size_t>(length));
        units.insert(units.end(), unit.begin(), unit.end());
      }
      place += length;
    }
    if (!units.empty()) headers_.see(std::ssize(packets_), units);
    return true;
  }

  bool shows(const KeyParser::Payload& payload) {
    const AVCodecID codec = demuxer_.stream().codecpar->codec_id;
    if (codec != AV_CODEC_ID_VP8 && codec != AV_CODEC_ID_VP9) return true;
    const auto byte = [&](std::int64_t place) {
      const auto bytes = file_.at(place, 1);
      return bytes.empty() ? std::uint8_t{0} : bytes.front();
    };
    const std::uint8_t first = byte(payload.place);
    return is_shown(codec, first, 0) ||
           is_shown(codec, first, byte(payload.place + payload.size - 1));
  }

  Demuxer& demuxer_;
  FileHeads file_;
  KeyParser keys_;
  HeaderLog& headers_;
  bool sized_ = false;  // the segment's size is known
  std::optional<MatroskaTracks> tracks_;
  std::int64_t cluster_ = 0;           // where it begins
  std::optional<std::uint64_t> time_;  // of the cluster
  std::vector<Mark> marks_;
  std::vector<FrameIndex::Packet> packets_;
};

}  // namespace

std::optional<std::vector<FrameIndex::Packet>> list_blocks(Demuxer& demuxer, HeaderLog& headers) {
  if (std::string_view(demuxer.context().iformat->name).find("matroska") ==
      std::string_view::npos) {
    return std::nullopt;
  }
  Walk walk(demuxer, headers);
  if (!walk.run()) return std::nullopt;
  walk.remember_keys();
  return walk.take();
}

}  // namespace mgm
