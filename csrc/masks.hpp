// The masks: rules for ranks over the one selector. Every function fills [S, R, C] bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "boxes.hpp"
#include "select.hpp"

namespace mgm {

struct BoxMaskOptions {
  Count count;  // per slot
  Aspect aspect;
  Fit fit = Fit::kGrow;
  CentreOptions centre;  // its seed is the mask's
};

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
