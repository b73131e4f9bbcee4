// How many tokens a mask takes, and of which: in numbers, before any is taken.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "grid.hpp"
#include "math/batch.hpp"

namespace mgm {

// Bytes [S, R, C], 1 = masked; written, never read.
using Mask = std::span<std::uint8_t>;

// Which side of the ratio is rounded down, in float64 as Python does.
enum class CountRule {
  kFloorMasked,  // int(ratio * n) masked
  kFloorKept,    // int(n * (1 - ratio)) visible
};

struct Count {
  double mask_ratio = 0.75;
  CountRule rule = CountRule::kFloorMasked;
  std::optional<std::int64_t> num_masked;  // instead of the ratio
};

// Masked tokens of n, in [1, n - 1]. Throws std::invalid_argument when n < 2 or the ratio is not in
// (0, 1).
[[nodiscard]] std::int64_t count_masked(const Count& count, std::int64_t n);

struct Choice {
  Scope scope = Scope::kSlot;
  std::span<const std::int64_t> groups;  // [S, R, C] ids; then K of all, by largest remainder
  Count count;
  std::uint64_t seed = 0;
};

}  // namespace mgm
