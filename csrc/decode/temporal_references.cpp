#include "decode/temporal_references.hpp"

#include <utility>

namespace mgm {
namespace {

constexpr int kCounts = 1024;

// Encoders that do not count as they should are not believed: this many pictures, each the next,
// prove one that does.
constexpr int kProof = 4;

constexpr std::uint8_t kPicture = 0x00, kLastSlice = 0xaf, kGroup = 0xb8;
constexpr int kIntra = 1, kBidirectional = 3;

}  // namespace

struct TemporalReferences::Picture {
  int count = 0, type = 0;
  bool begins_group = false;
  bool cut_before = false;  // the group says that what came before it was edited away
};

// The packet's first; of a second field count and frame are the same. A header without slices makes
// no picture.
std::optional<TemporalReferences::Picture> TemporalReferences::find_picture(
    std::span<const std::uint8_t> packet) {
  Picture picture;
  bool found = false;
  for (std::size_t i = 0; i + 3 < packet.size(); ++i) {
    if (packet[i] != 0 || packet[i + 1] != 0 || packet[i + 2] != 1) continue;
    const std::uint8_t code = packet[i + 3];
    if (code == kGroup && i + 7 < packet.size()) {
      picture.begins_group = true;
      picture.cut_before = (packet[i + 7] & 0x20) != 0;
    } else if (code == kPicture && !found && i + 5 < packet.size()) {
      picture.count = packet[i + 4] << 2 | packet[i + 5] >> 6;
      picture.type = packet[i + 5] >> 3 & 7;
      found = true;
    } else if (found && code != kPicture && code <= kLastSlice) {
      return picture;
    }
  }
  return std::nullopt;
}

// Whether it is not the next.
bool TemporalReferences::show(int count) {
  const bool known = last_.has_value() || begins_with_.has_value();
  const int next = begins_with_ ? *begins_with_ : (last_.value_or(0) + 1) % kCounts;
  const bool repeated = last_ == count && !begins_with_;  // a second field
  begins_with_.reset();
  last_ = count;
  if (!known || repeated) return false;
  steps_ = count == next ? steps_ + 1 : 0;
  gap_ = gap_ || count != next;
  believed_ = believed_ || steps_ >= kProof;
  return believed_ && std::exchange(gap_, false);
}

bool TemporalReferences::is_gap(std::span<const std::uint8_t> packet) {
  const std::optional<Picture> picture = find_picture(packet);
  if (!picture) return false;
  bool gap = false;
  if (!anchor_ && picture->type != kIntra) return false;  // decoding begins with the first of these
  if (picture->type == kBidirectional) return show(picture->count);
  const bool second_field = anchor_ == picture->count && !picture->begins_group;
  if (anchor_ && !second_field) gap = show(*anchor_);
  anchor_ = picture->count;
  if (picture->begins_group) {
    last_.reset();
    begins_with_ = picture->cut_before ? std::nullopt : std::optional(0);
  }
  return gap;
}

}  // namespace mgm
