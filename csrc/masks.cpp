#include "masks.hpp"

#include <algorithm>

#include "mask_math.hpp"

namespace mgm {

namespace {

// Masks one slot after the other around given centres.
class BoxPainter {
 public:
  BoxPainter(const Grid& grid, BoxSize size, const BoxMaskOptions& options)
      : grid_(grid),
        size_(size),
        k_(count_masked(options.count, grid.rows * grid.columns)),
        selector_(grid.rows * grid.columns, options.centre.seed),
        down_(static_cast<std::size_t>(grid.rows)),
        across_(static_cast<std::size_t>(grid.columns)),
        ranks_(static_cast<std::size_t>(grid.rows * grid.columns)) {
    const PhiloxBlock words = philox_block(options.centre.seed, Purpose::kJitter, 0, 0);
    jitter_row_ = jitter(words.words[0]);
    jitter_column_ = jitter(words.words[1]);
  }

  [[nodiscard]] Mask slot_of(Mask mask, std::int64_t slot) const {
    return mask.subspan(static_cast<std::size_t>(slot) * ranks_.size(), ranks_.size());
  }

  void paint(Centre centre, std::int64_t slot, Fit fit, Mask mask) {
    if (centre.peak) {
      centre.row += jitter_row_;
      centre.column += jitter_column_;
    }
    const Mask tokens = slot_of(mask, slot);
    if (fit == Fit::kClip) return clip(centre, tokens);
    if (fit == Fit::kShift) centre = slid(centre);
    grow(centre, slot, tokens);
  }

 private:
  void grow(Centre centre, std::int64_t slot, Mask tokens) {
    for (std::size_t r = 0; r < down_.size(); ++r) {
      down_[r] = token_place(static_cast<std::int64_t>(r)) - centre.row;
    }
    for (std::size_t c = 0; c < across_.size(); ++c) {
      across_[c] = token_place(static_cast<std::int64_t>(c)) - centre.column;
    }
    std::uint64_t* rank = ranks_.data();
    for (const std::int64_t dr : down_) {
      for (const std::int64_t dc : across_) *rank++ = box_rank(dr, dc, size_.h, size_.w);
    }
    selector_.select(ranks_, slot * static_cast<std::int64_t>(ranks_.size()), k_, tokens);
  }

  // The middle of the integer box, slid inside the grid.
  [[nodiscard]] Centre slid(Centre centre) const {
    const std::int64_t top = clamp_to(box_start(centre.row, size_.h), 0, grid_.rows - size_.h);
    const std::int64_t left =
        clamp_to(box_start(centre.column, size_.w), 0, grid_.columns - size_.w);
    return {(2 * top + size_.h) * (kToken / 2), (2 * left + size_.w) * (kToken / 2), false};
  }

  void clip(Centre centre, Mask tokens) const {
    const std::int64_t top = box_start(centre.row, size_.h);
    const std::int64_t left = box_start(centre.column, size_.w);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::int64_t r = static_cast<std::int64_t>(i) / grid_.columns;
      const std::int64_t c = static_cast<std::int64_t>(i) % grid_.columns;
      tokens[i] = r >= top && r < top + size_.h && c >= left && c < left + size_.w;
    }
  }

  Grid grid_;
  BoxSize size_;
  std::int64_t k_, jitter_row_ = 0, jitter_column_ = 0;
  Selector selector_;
  std::vector<std::int64_t> down_, across_;
  std::vector<std::uint64_t> ranks_;
};

}  // namespace

BoxSize mask_box_size(const Grid& grid, const BoxMaskOptions& options) {
  check_grid(grid);
  const std::int64_t k = count_masked(options.count, grid.rows * grid.columns);
  const double aspect = draw_aspect(options.aspect, options.centre.seed, Purpose::kAspect, 0, 0);
  return box_size(static_cast<double>(k), aspect, grid.rows, grid.columns);
}

void motion_guided_mask(const ScoreView& score, const BoxMaskOptions& options, Mask mask) {
  const BoxSize size = mask_box_size(score.grid, options);
  BoxPainter painter(score.grid, size, options);
  std::int64_t slot = 0;
  for (const Centre& centre : motion_centres(score, size, options.centre)) {
    painter.paint(centre, slot++, options.fit, mask);
  }
}

void inverse_motion_mask(const ScoreView& score, const BoxMaskOptions& options, Mask mask) {
  const BoxSize size = mask_box_size(score.grid, options);
  BoxPainter painter(score.grid, size, options);
  const auto tokens = static_cast<std::size_t>(score.grid.rows * score.grid.columns);
  for (std::int64_t slot = 0; slot < score.grid.slots; ++slot) {
    std::vector<std::int64_t> sums = window_sums(
        score.values.subspan(static_cast<std::size_t>(slot) * tokens, tokens), score.grid, size);
    for (std::int64_t& sum : sums) sum = -sum;
    const std::int64_t window = largest(sums, slot, options.centre.seed);
    painter.paint(window_centre(window, score.grid, size), slot, options.fit, mask);
  }
}

void simulated_motion_mask(const Grid& grid, const BoxMaskOptions& options, Mask mask) {
  const BoxSize size = mask_box_size(grid, options);
  BoxPainter painter(grid, size, options);
  const Walk walk(grid, size, options.centre.step, options.centre.seed);
  Centre centre = walk.start(0);
  for (std::int64_t slot = 0; slot < grid.slots; ++slot) {
    if (slot > 0) centre = walk.next(centre, slot);
    painter.paint(centre, slot, options.fit, mask);
  }
}

void fixed_box_mask(const Grid& grid, const BoxMaskOptions& options, Mask mask) {
  const BoxSize size = mask_box_size(grid, options);
  BoxPainter painter(grid, size, options);
  painter.paint(Walk(grid, size, 0.0, options.centre.seed).start(0), 0, options.fit, mask);
  const Mask first = painter.slot_of(mask, 0);
  for (std::int64_t slot = 1; slot < grid.slots; ++slot) {
    std::copy(first.begin(), first.end(), painter.slot_of(mask, slot).begin());
  }
}

void jumping_box_mask(const Grid& grid, const BoxMaskOptions& options, Mask mask) {
  const BoxSize size = mask_box_size(grid, options);
  BoxPainter painter(grid, size, options);
  const Walk walk(grid, size, 0.0, options.centre.seed);
  for (std::int64_t slot = 0; slot < grid.slots; ++slot) {
    painter.paint(walk.start(slot), slot, options.fit, mask);
  }
}

}  // namespace mgm
