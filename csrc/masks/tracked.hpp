// Visible tokens of the middle slot, carried along the motion to the other slots.
#pragma once

#include <cstdint>
#include <span>

#include "masks/choice.hpp"
#include "score/score.hpp"

namespace mgm {

struct TrackOptions {
  Count count;        // per slot
  double sigma = 16;  // of a bump, in pixels of a view of 224 x 224, in [1, 1024]
  std::uint64_t seed = 0;
};

// R * C - K Gaussian bumps lie on random tokens of the middle slot. Every token of another slot is
// followed back to the middle one, row by row; it takes the map's value there (bilinear), or its
// own value where the way leaves the view or crosses a cut. The K lowest tokens of each slot are
// masked. row_frames: [M], the display index of each row's frame.
void tracked_mask(const FieldView& field, std::span<const std::int64_t> row_frames,
                  const Grid& grid, const View& view, const TrackOptions& options, Mask mask);

}  // namespace mgm
