// The token grid of a model, and what of the picture it sees.
#pragma once

#include <cstdint>

namespace mgm {

// Crop, then resize, then flip. Source pixels; the size is what the trainer's frames have.
struct View {
  double x = 0, y = 0, w = 0, h = 0;
  int out_height = 0, out_width = 0;
  bool hflip = false;
};

// Token grid: slots in time, rows, columns.
struct Grid {
  std::int64_t slots = 0, rows = 0, columns = 0;
};

// Throws std::invalid_argument unless all sides are positive, S < 2^16, R * C < 2^20 and
// S * R * C < 2^31.
void check_grid(const Grid& grid);

}  // namespace mgm
