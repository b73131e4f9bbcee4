// The token grid of a model, and what of the picture it sees. C++17: the core and the CUDA kernels
// share them.
#pragma once

#include <cstdint>

#include "math/philox.hpp"

namespace mgm {

// Token grid: slots in time, rows, columns.
struct Grid {
  std::int64_t slots = 0, rows = 0, columns = 0;

  [[nodiscard]] MGM_HD std::int64_t slot_tokens() const { return rows * columns; }
  [[nodiscard]] MGM_HD std::int64_t tokens() const { return slots * rows * columns; }
};

// A crop in source pixels, and 1 where it is mirrored, else 0: a row of a float64 [B, 5].
struct View {
  double x = 0, y = 0, w = 0, h = 0, hflip = 0;
};

}  // namespace mgm
