// The peak of motion in each slot, still or not.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "score/score.hpp"

namespace mgm {

// 3x3 sums with zeros around, one slot after the other; every one of sums is written.
void smooth_sums(std::span<const std::int64_t> values, const Grid& grid,
                 std::span<std::int64_t> sums);

// The largest of values, which are at least 0; 0 for none.
[[nodiscard]] std::int64_t highest(std::span<const std::int64_t> values);

// Slots [begin, end).
struct Stretch {
  std::int64_t begin = 0, end = 0;
};

// peaks[s] for the slots of one stretch: the tokens of the path with the largest sum of terms.
void follow_path(std::span<const std::int64_t> smooth, const Grid& grid, Stretch stretch,
                 std::uint64_t seed, std::span<std::int64_t> peaks);

// Index of the largest value; of equal ones that of the lowest (Philox word of kPeak, index).
[[nodiscard]] std::int64_t largest(std::span<const std::int64_t> values, std::int64_t slot,
                                   std::uint64_t seed);

// The same when the largest value is known.
[[nodiscard]] std::int64_t first_equal(std::span<const std::int64_t> values, std::int64_t top,
                                       std::int64_t slot, std::uint64_t seed);

}  // namespace mgm
