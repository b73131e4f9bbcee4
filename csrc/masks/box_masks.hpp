// The masks that are a box in each slot. Every function fills [S, R, C] bytes.
#pragma once

#include "masks/box_painter.hpp"

namespace mgm {

// Size of the box that K tokens of a slot make; draws the aspect.
[[nodiscard]] BoxSize mask_box_size(const Grid& grid, const BoxMaskOptions& options);

// A box around the most motion of each slot.
void motion_guided_mask(const ScoreView& score, const BoxMaskOptions& options, Mask mask);

// A box around the least motion of each slot.
void inverse_motion_mask(const ScoreView& score, const BoxMaskOptions& options, Mask mask);

// A box that walks, stays, or jumps, without motion data.
void simulated_motion_mask(const Grid& grid, const BoxMaskOptions& options, Mask mask);
void fixed_box_mask(const Grid& grid, const BoxMaskOptions& options, Mask mask);
void jumping_box_mask(const Grid& grid, const BoxMaskOptions& options, Mask mask);

}  // namespace mgm
