#include "grid.hpp"

#include <stdexcept>
#include <string>

#include "math/mask_math.hpp"

namespace mgm {

void check_grid(const Grid& grid) {
  const auto fits = [](std::int64_t side, std::int64_t limit) { return side >= 1 && side < limit; };
  if (!fits(grid.slots, 65536) || !fits(grid.rows, kMaxSlotTokens) ||
      !fits(grid.columns, kMaxSlotTokens) || !fits(grid.rows * grid.columns, kMaxSlotTokens) ||
      !fits(grid.slots * grid.rows * grid.columns, std::int64_t{1} << 31)) {
    throw std::invalid_argument(
        "grid must be (S, R, C), each at least 1, with S < 65536, R * C < 2^20 and "
        "S * R * C < 2^31, not (" +
        std::to_string(grid.slots) + ", " + std::to_string(grid.rows) + ", " +
        std::to_string(grid.columns) + ")");
  }
}

}  // namespace mgm
