#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "decode/frame_policy.hpp"

namespace mgm {

// One row or sample that wants a frame.
struct Use {
  std::int64_t index = 0;  // of the frame
  std::size_t place = 0;   // of the row or sample
};

// Of `count` frames, with those counted from the end made absolute. Throws std::out_of_range, which
// names the file.
[[nodiscard]] std::vector<std::int64_t> absolute_indices(std::span<const std::int64_t> indices,
                                                         std::int64_t count,
                                                         const std::string& name);

// By frame; equal frames in the order given.
[[nodiscard]] std::vector<Use> sorted_uses(std::span<const std::int64_t> indices);

// Each frame that a row or a sample wants, once; both sorted by frame. Samples want pixels if
// asked.
[[nodiscard]] std::vector<Wanted> plan(std::span<const Use> rows, std::span<const Use> samples,
                                       bool pixels);

// Cuts the uses of one frame off the front.
[[nodiscard]] std::span<const Use> take_uses(std::span<const Use>& uses, std::int64_t index);

}  // namespace mgm
