// A batch of clips as plain pointers, in C++17: what the core and the CUDA kernels are handed. All
// arrays are dense and row-major; B clips, padded to M rows of R x C cells; S slots of R x C
// tokens. On CUDA they are device memory.
#pragma once

#include <cstdint>

#include "math/box_math.hpp"
#include "math/camera_math.hpp"
#include "math/grid.hpp"

namespace mgm {

struct FieldBatch {
  std::int64_t clips = 0, rows = 0, high = 0, wide = 0, samples = 0;  // B, M, R, C, T
  const std::int16_t* vectors = nullptr;                              // [B, M, R, C, 2]
  const std::int64_t* sizes = nullptr;       // [B, 2] width, height of the picture
  const std::int64_t* cells = nullptr;       // [B]
  const std::int64_t* offsets = nullptr;     // [B, T + 1]
  const View* views = nullptr;               // [B]
  const std::uint8_t* cuts = nullptr;        // [B, M]
  const std::uint8_t* coded = nullptr;       // [B, M, R, C], where it is the weight
  const std::int64_t* row_frames = nullptr;  // [B, M], for tracked masks
};

struct ScoreRequest {
  Grid grid;
  Camera camera = Camera::kAffine;
  const std::int32_t* weight = nullptr;  // [B, S, R, C], 0 to 65536
  bool by_coded = false;                 // the field's coded share instead
  const double* ignore = nullptr;        // [B, ignored, 4]; NaN: no box
  std::int64_t ignored = 0;
};

// Every one is written.
struct ScoreOut {
  std::int64_t *values = nullptr, *motion = nullptr;  // [B, S, R, C]
  std::uint8_t* valid = nullptr;                      // [B, S, R, C]
  std::uint8_t* cuts = nullptr;                       // [B, S]
};

// Null: no motion.
struct ScoreBatch {
  std::int64_t clips = 0;
  Grid grid;
  const std::int64_t *values = nullptr, *motion = nullptr;
  const std::uint8_t *valid = nullptr, *cuts = nullptr;
};

struct FrameBatch {
  std::int64_t clips = 0, frames = 0, height = 0, width = 0;
  const std::uint8_t* pixels = nullptr;  // [B, T, H, W, 3]
  const std::int64_t* sizes = nullptr;   // [B, 2]
  const View* views = nullptr;           // [B]
};

// What the masks of a batch are made from, and where they go. What a mask does not take is null.
struct MaskBatch {
  std::int64_t clips = 0;
  Grid grid;
  FieldBatch field;
  ScoreRequest request;           // of a score that the field is still to give
  ScoreBatch score;               // values alone where they only rank
  const double* boxes = nullptr;  // [B, S, boxes_per_slot, 4]; NaN: no box
  std::int64_t boxes_per_slot = 0;
  const View* views = nullptr;           // [B], for boxes
  const std::uint64_t* seeds = nullptr;  // [B]; null: all 0
  std::uint8_t* mask = nullptr;          // [B, S, R, C], every byte written
};

// Cells of a clip, within the padding whatever `sizes` says.
struct ClipCells {
  std::int64_t high = 1, wide = 1, cell = 1;
};

MGM_HD inline ClipCells clip_cells(const FieldBatch& field, std::int64_t clip) {
  const std::int64_t cell = field.cells[clip] > 0 ? field.cells[clip] : 1;
  const auto cells = [cell](std::int64_t pixels, std::int64_t most) {
    return clamp_to((pixels + cell - 1) / cell, 1, most);
  };
  return {cells(field.sizes[2 * clip + 1], field.high), cells(field.sizes[2 * clip], field.wide),
          cell};
}

}  // namespace mgm
