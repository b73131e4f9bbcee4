// The masks of a batch on a GPU: what batch_masks.hpp does on the CPU, from and to device memory,
// on a stream. Every function only launches: no allocation, no waiting, no copy. All throw
// std::invalid_argument on what does not fit, and std::runtime_error on CUDA's errors.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "math/batch.hpp"

namespace mgm::cuda {

void score_batch(const FieldBatch& field, const ScoreRequest& request, const ScoreOut& out,
                 cudaStream_t stream);
void texture_batch(const FrameBatch& frames, const Grid& grid, std::int32_t* weight,
                   cudaStream_t stream);

// BoxRule::kGuided without Peak::kPath: one launch from the field to the mask.
void field_box_batch(const FieldBatch& field, const ScoreRequest& request, const BoxRequest& box,
                     const std::uint64_t* seeds, std::uint8_t* mask, cudaStream_t stream);
// The mask also holds what a path remembers, so it is written before it is final.
void score_box_batch(const ScoreBatch& score, const BoxRequest& box, const std::uint64_t* seeds,
                     std::uint8_t* mask, cudaStream_t stream);
// scratch: bytes [B, S, R, C].
void corner_batch(const ScoreBatch& score, const BoxRequest& box, const View* views,
                  const std::int64_t* sizes, const std::uint64_t* seeds, float* corners,
                  std::uint8_t* scratch, cudaStream_t stream);

void rank_batch(const RankRequest& request, const std::uint64_t* seeds, std::uint8_t* mask,
                cudaStream_t stream);
void track_batch(const FieldBatch& field, const TrackRequest& request, const std::uint64_t* seeds,
                 std::uint8_t* mask, cudaStream_t stream);
void ids_batch(const std::uint8_t* mask, std::int64_t clips, std::int64_t n, std::int64_t visible,
               std::int64_t* keep, std::int64_t* restore, cudaStream_t stream);

}  // namespace mgm::cuda
