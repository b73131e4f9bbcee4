// One mask to make: with which numbers, from what, where to.
#pragma once

#include <cstdint>
#include <span>

#include "masks/mask_table.hpp"
#include "score/score.hpp"

namespace mgm {

// Bytes [S, R, C], 1 = masked; written, never read.
using Mask = std::span<std::uint8_t>;

// Boxes of each slot: slot s has boxes[offsets[s]] to boxes[offsets[s + 1]].
struct SlotBoxes {
  std::span<const Box> boxes;
  std::span<const std::int64_t> offsets;  // [S + 1]
};

// What a mask does not take is empty.
struct MaskJob {
  Grid grid;
  MaskOptions options;
  std::uint64_t seed = 0;
  Mask mask;
  // Takes::kScore; its values alone where there is motion for Takes::kBoxes.
  ScoreView score = {};
  const FieldView* field = nullptr;               // Takes::kField
  std::span<const std::int64_t> row_frames = {};  // [M], the display index of each row's frame
  View view = {};                                 // of boxes and of the field
  SlotBoxes boxes = {};                           // Takes::kBoxes

  [[nodiscard]] Mask slot(std::int64_t s) const {
    const auto tokens = static_cast<std::size_t>(grid.slot_tokens());
    return mask.subspan(static_cast<std::size_t>(s) * tokens, tokens);
  }
};

}  // namespace mgm
