// Where the box of each slot is: its size in tokens, and the path of its centre.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/box_math.hpp"
#include "math/philox.hpp"
#include "score/score.hpp"

namespace mgm {

// Width over height in tokens; drawn log-uniformly once per clip when low < high.
struct Aspect {
  double low = 1, high = 1;
};

// Throws std::invalid_argument unless 1/1024 <= low <= high <= 1024.
[[nodiscard]] double draw_aspect(const Aspect& aspect, std::uint64_t seed, Purpose purpose,
                                 std::uint32_t slot, std::uint32_t index);

// step: tokens per slot and axis, in [0, 1024].
[[nodiscard]] Walk make_walk(const Grid& grid, BoxSize size, double step, std::uint64_t seed);

struct CentreOptions {
  Peak peak = Peak::kPath;
  First first = First::kMotion;
  double still = 0.02;  // source pixels per frame
  double step = 1.0;    // tokens
  std::uint64_t seed = 0;
};

// One centre per slot: peaks of motion, and the walk through still slots.
[[nodiscard]] std::vector<Centre> motion_centres(const ScoreView& score, BoxSize size,
                                                 const CentreOptions& options);

// The h x w windows inside the grid, [R - h + 1, C - w + 1]: sums of one slot's values.
[[nodiscard]] std::vector<std::int64_t> window_sums(std::span<const std::int64_t> values,
                                                    const Grid& grid, BoxSize size);

// float32 xyxy [S, 4] in source pixels: the boxes around the centres, slid inside the grid, mapped
// by the view and clipped to the picture.
[[nodiscard]] std::vector<float> boxes_in_source(std::span<const Centre> centres, const Grid& grid,
                                                 BoxSize size, const View& view, int width,
                                                 int height);

}  // namespace mgm
