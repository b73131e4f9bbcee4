// Masks of a whole batch on the CPU, one clip per job. The CUDA module has the same functions with
// a stream in place of the number of threads.
#pragma once

#include <cstdint>

#include "masks/mask_table.hpp"

namespace mgm {

// All throw std::invalid_argument on offsets, sizes, cells or views that make no field, and on what
// the masks of one clip refuse. seeds: [B].

void score_batch(const FieldBatch& field, const ScoreRequest& request, const ScoreOut& out,
                 int threads);
void texture_batch(const FrameBatch& frames, const Grid& grid, std::int32_t* weight, int threads);

// What one entry of the table makes, clip by clip. Of a mask that takes a score, the field gives it
// where the batch has none.
void mask_batch(const MaskBatch& batch, const MaskOptions& options, Takes takes,
                void (*make)(const MaskJob& job), int threads);

// What the guided box of each slot follows: SlotSource [B, S].
void source_batch(const ScoreBatch& score, const MaskOptions& options, std::uint8_t* sources,
                  int threads);

// The guided boxes themselves: [B, S, 4] xyxy in source pixels.
void corner_batch(const ScoreBatch& score, const MaskOptions& options, const View* views,
                  const std::int64_t* sizes, const std::uint64_t* seeds, float* corners,
                  int threads);

// Indices of the `visible` unmasked of n tokens, rising, and for each token its place among first
// the visible, then the masked ones. keep: [B, visible], -1 where a clip has fewer.
void ids_batch(const std::uint8_t* mask, std::int64_t clips, std::int64_t n, std::int64_t visible,
               std::int64_t* keep, std::int64_t* restore, int threads);

}  // namespace mgm
