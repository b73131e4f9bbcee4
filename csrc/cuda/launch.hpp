// What batch_masks.hpp does on the CPU, from and to device memory on a stream; the masks themselves
// are the `launch` of each entry in masks/mask_table.hpp. Every function only launches: no
// allocation, no waiting, no copy. All throw std::invalid_argument on what does not fit, and
// std::runtime_error on CUDA's errors.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "masks/mask_table.hpp"

namespace mgm::cuda {

void score_batch(const FieldBatch& field, const ScoreRequest& request, const ScoreOut& out,
                 cudaStream_t stream);
void texture_batch(const FrameBatch& frames, const Grid& grid, std::int32_t* weight,
                   cudaStream_t stream);

// Guided masks without Peak::kPath: one launch from the field to the mask.
void guided_of_field(const MaskBatch& batch, const MaskOptions& options, cudaStream_t stream);

// What the guided box of each slot follows: SlotSource [B, S].
void source_batch(const ScoreBatch& score, const MaskOptions& options, std::uint8_t* sources,
                  cudaStream_t stream);
// scratch: bytes [B, S, R, C].
void corner_batch(const ScoreBatch& score, const MaskOptions& options, const View* views,
                  const std::int64_t* sizes, const std::uint64_t* seeds, float* corners,
                  std::uint8_t* scratch, cudaStream_t stream);
void ids_batch(const std::uint8_t* mask, std::int64_t clips, std::int64_t n, std::int64_t visible,
               std::int64_t* keep, std::int64_t* restore, cudaStream_t stream);

}  // namespace mgm::cuda
