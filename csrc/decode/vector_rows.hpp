#pragma once

#include "decode/display_order.hpp"
#include "mgm.hpp"

namespace mgm {

// Adds the vectors of one frame to the flat arrays; offsets and what is told per frame are the
// caller's.
void append_rows(MotionVectors& rows, const ShownFrame& shown, Blocks blocks);

}  // namespace mgm
