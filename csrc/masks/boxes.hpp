// Where the box of each slot is: its size in tokens, and the path of its centre.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "masks/mask_rule.hpp"
#include "math/box_math.hpp"
#include "math/philox.hpp"
#include "score/score.hpp"

namespace mgm {

// Drawn log-uniformly where low < high.
[[nodiscard]] double draw_aspect(const Range& aspect, std::uint64_t seed, Purpose purpose,
                                 std::uint32_t slot, std::uint32_t index);

// Size of the box that K tokens of a slot make; draws the clip's aspect.
[[nodiscard]] BoxSize mask_box_size(const Grid& grid, const MaskOptions& options,
                                    std::uint64_t seed);

// step: tokens per slot and axis.
[[nodiscard]] Walk make_walk(const Grid& grid, BoxSize size, double step, std::uint64_t seed);

// One centre per slot: peaks of motion, and the walk through still slots.
[[nodiscard]] std::vector<Centre> motion_centres(const ScoreView& score, BoxSize size,
                                                 const MaskOptions& options, std::uint64_t seed);

// What the box of each slot follows: motion, or nothing.
[[nodiscard]] std::vector<SlotSource> slot_sources(const ScoreView& score,
                                                   const MaskOptions& options);

// The h x w windows inside the grid, [R - h + 1, C - w + 1]: sums of one slot's values.
[[nodiscard]] std::vector<std::int64_t> window_sums(std::span<const std::int64_t> values,
                                                    const Grid& grid, BoxSize size);

// float32 xyxy [S, 4] in source pixels: the boxes around the centres, slid inside the grid, mapped
// by the view and clipped to the picture.
[[nodiscard]] std::vector<float> boxes_in_source(std::span<const Centre> centres, const Grid& grid,
                                                 BoxSize size, const View& view, int width,
                                                 int height);

}  // namespace mgm
