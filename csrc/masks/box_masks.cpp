#include "masks/box_masks.hpp"

#include <algorithm>

#include "masks/peaks.hpp"

namespace mgm {

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
    painter.paint(window_centre(window, score.grid.columns, size), slot, options.fit, mask);
  }
}

void simulated_motion_mask(const Grid& grid, const BoxMaskOptions& options, Mask mask) {
  const BoxSize size = mask_box_size(grid, options);
  BoxPainter painter(grid, size, options);
  const Walk walk = make_walk(grid, size, options.centre.step, options.centre.seed);
  Centre centre = walk.start(0);
  for (std::int64_t slot = 0; slot < grid.slots; ++slot) {
    if (slot > 0) centre = walk.next(centre, slot);
    painter.paint(centre, slot, options.fit, mask);
  }
}

void fixed_box_mask(const Grid& grid, const BoxMaskOptions& options, Mask mask) {
  const BoxSize size = mask_box_size(grid, options);
  BoxPainter painter(grid, size, options);
  painter.paint(make_walk(grid, size, 0.0, options.centre.seed).start(0), 0, options.fit, mask);
  const Mask first = painter.slot_of(mask, 0);
  for (std::int64_t slot = 1; slot < grid.slots; ++slot) {
    std::copy(first.begin(), first.end(), painter.slot_of(mask, slot).begin());
  }
}

void jumping_box_mask(const Grid& grid, const BoxMaskOptions& options, Mask mask) {
  const BoxSize size = mask_box_size(grid, options);
  BoxPainter painter(grid, size, options);
  const Walk walk = make_walk(grid, size, 0.0, options.centre.seed);
  for (std::int64_t slot = 0; slot < grid.slots; ++slot) {
    painter.paint(walk.start(slot), slot, options.fit, mask);
  }
}

}  // namespace mgm
