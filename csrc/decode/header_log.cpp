#include "decode/header_log.hpp"

#include <algorithm>
#include <iterator>

namespace mgm {
namespace {

using Span = std::span<const std::uint8_t>;

// More than any stream has at once, and changes to; what comes after that is not known.
constexpr std::size_t kMostUnits = 512, kMostBytes = std::size_t{1} << 20;

bool has_parameter_sets(AVCodecID codec) {
  return codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC;
}

// The header that all others of a packet belong to.
bool is_sequence(AVCodecID codec, std::uint8_t code) {
  if (codec == AV_CODEC_ID_MPEG4) return code >= 0x20 && code <= 0x2f;
  return code == 0xb3;
}

std::size_t length_size_of(const AVCodecParameters& codec) {
  const Span data(codec.extradata, static_cast<std::size_t>(std::max(codec.extradata_size, 0)));
  const std::size_t at = codec.codec_id == AV_CODEC_ID_H264 ? 4 : 21;
  if (!has_parameter_sets(codec.codec_id) || data.size() <= at || data.front() != 1) return 0;
  return 1U + (data[at] & 3U);
}

// The next unit by start codes, with its own; empty at the end. data begins with one.
Span unit_by_start_code(Span data) {
  static constexpr std::uint8_t kCode[] = {0, 0, 1};
  if (data.size() < 4) return {};
  const auto next = std::search(data.begin() + 3, data.end(), std::begin(kCode), std::end(kCode));
  return data.first(static_cast<std::size_t>(next - data.begin()));
}

Span unit_by_length(Span data, std::size_t length_bytes) {
  if (data.size() <= length_bytes) return {};
  std::size_t length = 0;
  for (const std::uint8_t byte : data.first(length_bytes)) length = length << 8 | byte;
  return data.first(length_bytes + std::min(length, data.size() - length_bytes));
}

Span after_zeros(Span data) {
  static constexpr std::uint8_t kCode[] = {0, 0, 1};
  const auto at = std::search(data.begin(), data.end(), std::begin(kCode), std::end(kCode));
  return data.subspan(static_cast<std::size_t>(at - data.begin()));
}

bool knows_headers(AVCodecID codec) {
  return has_parameter_sets(codec) || codec == AV_CODEC_ID_MPEG4 ||
         codec == AV_CODEC_ID_MPEG1VIDEO || codec == AV_CODEC_ID_MPEG2VIDEO;
}

}  // namespace

HeaderLog::HeaderLog(const AVCodecParameters& codec)
    : codec_(codec.codec_id), length_bytes_(length_size_of(codec)) {}

HeaderLog::Kind HeaderLog::kind_of(std::uint8_t code) const {
  switch (codec_) {
    case AV_CODEC_ID_H264: {
      const int type = code & 31;
      if (type == 7 || type == 8) return Kind::kHeader;
      return type >= 1 && type <= 5 ? Kind::kPicture : Kind::kOther;
    }
    case AV_CODEC_ID_HEVC: {
      const int type = code >> 1 & 63;
      if (type >= 32 && type <= 34) return Kind::kHeader;
      return type < 32 ? Kind::kPicture : Kind::kOther;
    }
    case AV_CODEC_ID_MPEG4:
      if (code <= 0x2f || code == 0xb0 || code == 0xb2 || code == 0xb5) return Kind::kHeader;
      return code == 0xb6 ? Kind::kPicture : Kind::kOther;
    default:  // MPEG-1 and MPEG-2
      if (code == 0xb3 || code == 0xb5) return Kind::kHeader;
      return code == 0x00 ? Kind::kPicture : Kind::kOther;
  }
}

// Those before the packet's first picture.
std::vector<Span> HeaderLog::headers_of(Span data) const {
  std::vector<Span> headers;
  bool whole = false;
  if (!knows_headers(codec_)) return headers;
  const std::size_t prefix = length_bytes_ > 0 ? length_bytes_ : 3;
  if (length_bytes_ == 0) data = after_zeros(data);
  while (data.size() > prefix) {
    const Kind kind = kind_of(data[prefix]);
    if (kind == Kind::kPicture) break;
    const Span unit =
        length_bytes_ > 0 ? unit_by_length(data, length_bytes_) : unit_by_start_code(data);
    if (unit.size() <= prefix) break;
    if (kind == Kind::kHeader) headers.push_back(unit);
    whole = whole || is_sequence(codec_, data[prefix]);
    data = data.subspan(unit.size());
  }
  if (!whole && !has_parameter_sets(codec_)) headers.clear();
  return headers;
}

std::int32_t HeaderLog::number_of(Span unit) {
  const auto is_same = [unit](const Bytes& known) { return std::ranges::equal(known, unit); };
  const auto known = std::ranges::find_if(units_, is_same);
  if (known != units_.end()) return static_cast<std::int32_t>(known - units_.begin());
  bytes_ += unit.size();
  units_.emplace_back(unit.begin(), unit.end());
  return static_cast<std::int32_t>(units_.size() - 1);
}

// Parameter sets stay until one of their number replaces them: each comes last, as it does for a
// decoder. A sequence header replaces all that was before.
void HeaderLog::bring(State& state, const State& units) const {
  if (!has_parameter_sets(codec_)) {
    state = units;
    return;
  }
  for (const std::int32_t unit : units) {
    std::erase(state, unit);
    state.push_back(unit);
  }
}

void HeaderLog::see(std::int64_t packet, Span data) {
  if (packet >= end_) return;
  const std::vector<Span> headers = headers_of(data);
  if (headers.empty()) return;
  State units, state = last_;
  for (const Span header : headers) units.push_back(number_of(header));
  bring(state, units);
  if (packet == 0) {
    first_ = state;
  } else if (state != last_) {
    bytes_ += sizeof(Change) + units.size() * sizeof(std::int32_t);
    changes_.push_back({packet, std::move(units)});
  }
  last_ = std::move(state);
  if (units_.size() > kMostUnits || bytes_ > kMostBytes) end_ = packet;
}

std::vector<std::uint8_t> HeaderLog::before(std::int64_t packet) const {
  if (changes_.empty() || changes_.front().packet >= packet) return {};
  State state = first_;
  for (const Change& change : changes_) {
    if (change.packet >= packet) break;
    bring(state, change.units);
  }
  Bytes all;
  for (const std::int32_t unit : state) {
    const Bytes& bytes = units_[static_cast<std::size_t>(unit)];
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

}  // namespace mgm
