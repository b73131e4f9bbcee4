#include "masks/box_painter.hpp"

#include <algorithm>
#include <limits>

#include "math/mask_math.hpp"

namespace mgm {

BoxPainter::BoxPainter(const MaskJob& job)
    : job_(job),
      grid_(job.grid),
      size_(mask_box_size(job.grid, job.options, job.seed)),
      k_(count_masked(job.options, job.grid.slot_tokens())),
      selector_(job.grid.slot_tokens(), job.seed),
      down_(static_cast<std::size_t>(job.grid.rows)),
      across_(static_cast<std::size_t>(job.grid.columns)) {
  const PhiloxBlock words = philox_block(job.seed, Purpose::kJitter, 0, 0);
  jitter_row_ = jitter(words.words[0]);
  jitter_column_ = jitter(words.words[1]);
}

void BoxPainter::paint(Centre centre, std::int64_t slot) {
  if (centre.peak) {
    centre.row += jitter_row_;
    centre.column += jitter_column_;
  }
  const Mask tokens = job_.slot(slot);
  const Fit fit = job_.options.fit;
  if (fit == Fit::kClip) {
    const std::int64_t top = box_start(centre.row, size_.h);
    const std::int64_t left = box_start(centre.column, size_.w);
    std::fill(tokens.begin(), tokens.end(), std::uint8_t{0});
    fill({std::max<std::int64_t>(top, 0), std::min(top + size_.h, grid_.rows),
          std::max<std::int64_t>(left, 0), std::min(left + size_.w, grid_.columns)},
         tokens);
    return;
  }
  if (fit == Fit::kShift) centre = slid_centre(centre, grid_.rows, grid_.columns, size_);
  grow(centre, slot, tokens);
}

// Ranks are (far, near, tie), so all tokens within a reach of far form a rectangle. It is widened
// until it holds K tokens; only the last rim, whose tokens are all equally far, is left to choose
// from.
void BoxPainter::grow(Centre centre, std::int64_t slot, Mask tokens) {
  for (std::int64_t r = 0; r < grid_.rows; ++r) {
    down_[static_cast<std::size_t>(r)] = std::abs(token_place(r) - centre.row) * size_.w;
  }
  for (std::int64_t c = 0; c < grid_.columns; ++c) {
    across_[static_cast<std::size_t>(c)] = std::abs(token_place(c) - centre.column) * size_.h;
  }
  const std::int64_t row = clamp_to(centre.row >> kPlaceBits, 0, grid_.rows - 1);
  const std::int64_t column = clamp_to(centre.column >> kPlaceBits, 0, grid_.columns - 1);
  Rectangle inner;
  Rectangle outer = widened(
      {row, row + 1, column, column + 1},
      std::max(down_[static_cast<std::size_t>(row)], across_[static_cast<std::size_t>(column)]));
  while (outer.area() < k_) {
    inner = outer;
    outer = widened(inner, next_reach(inner));
  }
  std::fill(tokens.begin(), tokens.end(), std::uint8_t{0});
  fill(outer, tokens);
  if (outer.area() == k_) return;
  rim_.clear();
  rim_ranks_.clear();
  for (std::int64_t r = outer.top; r < outer.bottom; ++r) {
    for (std::int64_t c = outer.left; c < outer.right; ++c) {
      if (inner.holds(r, c)) {
        c = inner.right - 1;
        continue;
      }
      rim_.push_back(r * grid_.columns + c);
      rim_ranks_.push_back(static_cast<std::uint64_t>(
          std::min(down_[static_cast<std::size_t>(r)], across_[static_cast<std::size_t>(c)])));
    }
  }
  selector_.select_among(rim_ranks_, rim_, slot * static_cast<std::int64_t>(tokens.size()),
                         k_ - inner.area(), tokens);
}

BoxPainter::Rectangle BoxPainter::widened(Rectangle box, std::int64_t reach) const {
  const auto down = [this](std::int64_t r) { return down_[static_cast<std::size_t>(r)]; };
  const auto across = [this](std::int64_t c) { return across_[static_cast<std::size_t>(c)]; };
  while (box.top > 0 && down(box.top - 1) <= reach) --box.top;
  while (box.bottom < grid_.rows && down(box.bottom) <= reach) ++box.bottom;
  while (box.left > 0 && across(box.left - 1) <= reach) --box.left;
  while (box.right < grid_.columns && across(box.right) <= reach) ++box.right;
  return box;
}

std::int64_t BoxPainter::next_reach(const Rectangle& box) const {
  std::int64_t reach = std::numeric_limits<std::int64_t>::max();
  if (box.top > 0) reach = std::min(reach, down_[static_cast<std::size_t>(box.top - 1)]);
  if (box.bottom < grid_.rows) reach = std::min(reach, down_[static_cast<std::size_t>(box.bottom)]);
  if (box.left > 0) reach = std::min(reach, across_[static_cast<std::size_t>(box.left - 1)]);
  if (box.right < grid_.columns) {
    reach = std::min(reach, across_[static_cast<std::size_t>(box.right)]);
  }
  return reach;
}

void BoxPainter::fill(const Rectangle& box, Mask tokens) const {
  for (std::int64_t r = box.top; r < box.bottom; ++r) {
    std::fill_n(tokens.begin() + r * grid_.columns + box.left,
                std::max<std::int64_t>(box.right - box.left, 0), std::uint8_t{1});
  }
}

}  // namespace mgm
