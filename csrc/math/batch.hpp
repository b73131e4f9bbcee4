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

enum class BoxRule { kGuided, kInverse, kSimulated, kFixed, kJumping };

struct BoxRequest {
  BoxRule rule = BoxRule::kGuided;
  std::int64_t num_masked = 1;  // K of each slot
  double aspect_low = 1, aspect_high = 1;
  Fit fit = Fit::kGrow;
  Peak peak = Peak::kSmooth;
  First first = First::kMotion;
  double still = 0.02;  // source pixels per frame
  double step = 1.0;    // tokens
};

enum class RankRule {
  kEqual,     // at random
  kKeys,      // the caller's keys, lowest first
  kMotion,    // most motion first
  kGumbel,    // drawn without replacement
  kCoverage,  // most covered by a box, then most motion
  kHalves,    // a tube, `share` of its visible tokens from the moving half
};

enum class Scope {
  kSlot,  // K of R * C in each slot
  kClip,  // K of S * R * C
  kTube,  // slot 0's tokens in every slot
};

struct RankRequest {
  std::int64_t clips = 0;
  Grid grid;
  RankRule rule = RankRule::kEqual;
  Scope scope = Scope::kSlot;
  std::int64_t num_masked = 1;
  const std::int64_t* values = nullptr;  // [B, S, R, C] keys or motion; null: none
  double temperature = 1, share = 0.5;
  const double* boxes = nullptr;  // [B, S, boxes_per_slot, 4]; NaN: no box
  std::int64_t boxes_per_slot = 0;
  const View* views = nullptr;  // [B], for boxes
};

struct TrackRequest {
  Grid grid;
  std::int64_t num_masked = 1;
  double sigma = 16;
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
