// The masks that are a box in each slot.
#include <algorithm>

#include "masks/box_painter.hpp"
#include "masks/peaks.hpp"

namespace mgm {

namespace {

Walk walk_of(const MaskJob& job, const BoxPainter& painter) {
  return make_walk(job.grid, painter.size(), job.options.step, job.seed);
}

}  // namespace

void GuidedMask::make(const MaskJob& job) {
  BoxPainter painter(job);
  std::int64_t slot = 0;
  for (const Centre& centre : motion_centres(job.score, painter.size(), job.options, job.seed)) {
    painter.paint(centre, slot++);
  }
}

void InverseMask::make(const MaskJob& job) {
  BoxPainter painter(job);
  const auto tokens = static_cast<std::size_t>(job.grid.slot_tokens());
  for (std::int64_t slot = 0; slot < job.grid.slots; ++slot) {
    std::vector<std::int64_t> sums =
        window_sums(job.score.values.subspan(static_cast<std::size_t>(slot) * tokens, tokens),
                    job.grid, painter.size());
    for (std::int64_t& sum : sums) sum = -sum;
    const std::int64_t window = largest(sums, slot, job.seed);
    painter.paint(window_centre(window, job.grid.columns, painter.size()), slot);
  }
}

void SimulatedMask::make(const MaskJob& job) {
  BoxPainter painter(job);
  const Walk walk = walk_of(job, painter);
  Centre centre = walk.start(0);
  for (std::int64_t slot = 0; slot < job.grid.slots; ++slot) {
    if (slot > 0) centre = walk.next(centre, slot);
    painter.paint(centre, slot);
  }
}

void FixedMask::make(const MaskJob& job) {
  BoxPainter painter(job);
  painter.paint(walk_of(job, painter).start(0), 0);
  const Mask first = job.slot(0);
  for (std::int64_t slot = 1; slot < job.grid.slots; ++slot) {
    std::copy(first.begin(), first.end(), job.slot(slot).begin());
  }
}

void JumpingMask::make(const MaskJob& job) {
  BoxPainter painter(job);
  const Walk walk = walk_of(job, painter);
  for (std::int64_t slot = 0; slot < job.grid.slots; ++slot) painter.paint(walk.start(slot), slot);
}

}  // namespace mgm
