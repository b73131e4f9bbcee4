#include "decode/frame_policy.hpp"

#include <algorithm>

namespace mgm {
namespace {

bool wants_pixels(std::span<const Wanted> wants) {
  return std::ranges::any_of(wants, [](const Wanted& one) { return one.want == Want::kPixels; });
}

std::int64_t last_with_pixels(std::span<const Wanted> wants) {
  for (std::size_t i = wants.size(); i-- > 0;) {
    if (wants[i].want == Want::kPixels) return wants[i].index;
  }
  return -1;
}

// Once all frames with pixels have been sent, those after them are there for their vectors.
bool needs_pixels(const PicturePlace& place, std::span<const Wanted> wants,
                  const PictureTraits& traits) {
  if (!wants_pixels(wants)) return false;
  if (traits.goes_on || traits.interlaced || traits.pixels_only || traits.hides_pictures ||
      traits.keeps) {
    return true;
  }
  const bool is_tail =
      place.pixels_due == 0 && place.frame && *place.frame > last_with_pixels(wants);
  return !traits.has_stand_in || !is_tail;
}

}  // namespace

std::optional<Want> want_of(std::span<const Wanted> wants, std::int64_t frame) {
  const auto at = std::ranges::lower_bound(wants, frame, {}, &Wanted::index);
  if (at == wants.end() || at->index != frame) return std::nullopt;
  return at->want;
}

Treatment frame_policy(const PicturePlace& place, std::span<const Wanted> wants,
                       const PictureTraits& traits) {
  using Mode = PacketDecoder::Mode;
  const bool pixels = needs_pixels(place, wants, traits);
  Treatment treatment{.mode = pixels ? Mode::kPixels : Mode::kVectors};
  if (!place.frame || traits.keeps || *place.frame > wants.back().index) return treatment;
  const auto want = want_of(wants, *place.frame);
  treatment.skip = !want && !traits.hides_pictures;
  if (pixels && !treatment.skip && want != Want::kPixels) {
    treatment.mode = Mode::kVectorsWhereUnreferenced;
  }
  // Vectors need little of other pictures.
  if (!pixels && traits.leaves_unread && !want && !place.lends_motion) {
    treatment.mode = Mode::kReferences;
  }
  return treatment;
}

}  // namespace mgm
