#include "decode/select_rows.hpp"

#include <algorithm>

namespace mgm {
namespace {

// Frames on either side of a sampled one: all of half the gap up to a stride of 8. At longer
// strides more would cost decoding, and add motion of another moment: 4 frames are 0.16 s at 25 per
// second.
constexpr std::int64_t kMostOnASide = 4;

struct Rows {
  std::int64_t first, last;  // both inclusive
};

// The key frame from which a frame is decoded.
std::int64_t start_of(std::int64_t frame, std::span<const std::int64_t> key_frames) {
  const auto after = std::ranges::upper_bound(key_frames, frame);
  return after == key_frames.begin() ? 0 : *std::prev(after);
}

class Neighbours {
 public:
  explicit Neighbours(std::span<const std::int64_t> frame_indices)
      : sorted_(frame_indices.begin(), frame_indices.end()) {
    std::ranges::sort(sorted_);
    sorted_.erase(std::ranges::unique(sorted_).begin(), sorted_.end());
  }

  struct Gaps {
    std::optional<std::int64_t> before, after;
  };

  [[nodiscard]] Gaps gaps(std::int64_t frame) const {
    const auto at = std::ranges::lower_bound(sorted_, frame);
    Gaps gaps;
    if (at != sorted_.begin()) gaps.before = frame - *std::prev(at);
    if (std::next(at) != sorted_.end()) gaps.after = *std::next(at) - frame;
    return gaps;
  }

 private:
  std::vector<std::int64_t> sorted_;
};

Rows centred(std::int64_t frame, const Neighbours::Gaps& gaps, std::int64_t start) {
  // A frame in the middle between two sampled frames belongs to the earlier one. So half of the gap
  // to the next sampled frame is rounded up to include it, half of the gap to the previous one
  // down. At either end of the clip the one gap serves for both sides, and no middle is shared.
  const std::int64_t after = gaps.after.value_or(gaps.before.value_or(0)) / 2;
  const std::int64_t before = gaps.before ? (*gaps.before - 1) / 2 : gaps.after.value_or(0) / 2;
  return {.first = std::max(start, frame - std::min(before, kMostOnASide)),
          .last = frame + std::min(after, kMostOnASide)};
}

Rows interval(std::int64_t frame, const Neighbours::Gaps& gaps, std::int64_t start) {
  if (gaps.before) return {.first = frame - *gaps.before + 1, .last = frame};
  return {.first = std::max(start, frame - gaps.after.value_or(1) + 1), .last = frame};
}

}  // namespace

RowSelection select_rows(std::span<const std::int64_t> frame_indices,
                         std::optional<std::int64_t> num_frames,
                         std::span<const std::int64_t> key_frames, Window window) {
  const Neighbours neighbours(frame_indices);
  RowSelection selection{.row_frames = {}, .sample_offsets = {0}};
  for (const std::int64_t frame : frame_indices) {
    Rows rows{.first = frame, .last = frame};
    const auto gaps = neighbours.gaps(frame);
    const std::int64_t start = start_of(frame, key_frames);
    if (window == Window::kCentred) rows = centred(frame, gaps, start);
    if (window == Window::kInterval) rows = interval(frame, gaps, start);
    if (num_frames) rows.last = std::min(rows.last, *num_frames - 1);
    for (std::int64_t row = rows.first; row <= rows.last; ++row)
      selection.row_frames.push_back(row);
    selection.sample_offsets.push_back(static_cast<std::int64_t>(selection.row_frames.size()));
  }
  return selection;
}

}  // namespace mgm
