// Masks from patterns that know no motion: a running cell, and unions of blocks.
#pragma once

#include <cstdint>

#include "masks/boxes.hpp"
#include "masks/choice.hpp"

namespace mgm {

// A 2 x 2 cell of which `masked` (1, 2 or 3) tokens are masked; its pointer advances each slot from
// a random start. Exactly K per slot; where R or C is odd the cut cells are topped up or trimmed.
void running_cell_mask(const Grid& grid, int masked, const Choice& choice, Mask mask);

// A number drawn uniformly in [low, high].
struct Range {
  double low = 0, high = 0;
};

struct BlockOptions {
  std::int64_t num_blocks = 8;
  Range scale{0.15, 0.15};  // share of a slot's tokens, in (0, 1]
  Aspect aspect{0.75, 1.5};
  Range span{1, 1};  // share of the slots, in (0, 1]
};

// Blocks of random size, place and time; K tokens of those covered first.
void block_mask(const Grid& grid, const BlockOptions& options, const Choice& choice, Mask mask);

}  // namespace mgm
