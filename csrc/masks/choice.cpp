#include "masks/choice.hpp"

#include <stdexcept>
#include <string>

#include "math/mask_math.hpp"

namespace mgm {

std::int64_t count_masked(const Count& count, std::int64_t n) {
  if (n < 2) throw std::invalid_argument("a mask needs at least 2 tokens to choose from, not 1");
  if (count.num_masked) return clamp_to(*count.num_masked, 1, n - 1);
  if (!(count.mask_ratio > 0.0 && count.mask_ratio < 1.0)) {
    throw std::invalid_argument("mask_ratio must be in (0, 1), not " +
                                std::to_string(count.mask_ratio));
  }
  const auto tokens = static_cast<double>(n);
  const std::int64_t masked =
      count.rule == CountRule::kFloorMasked
          ? static_cast<std::int64_t>(count.mask_ratio * tokens)
          : n - static_cast<std::int64_t>(tokens * (1.0 - count.mask_ratio));
  return clamp_to(masked, 1, n - 1);
}

}  // namespace mgm
