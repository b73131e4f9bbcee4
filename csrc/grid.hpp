#pragma once

#include "math/grid.hpp"

namespace mgm {

// Throws std::invalid_argument unless all sides are positive, S < 2^16, R * C < 2^20 and
// S * R * C < 2^31.
void check_grid(const Grid& grid);

}  // namespace mgm
