#include "centre.cuh"
#include "launch.hpp"
#include "paint.cuh"
#include "path.cuh"

namespace mgm::cuda {

namespace {

// One warp: the largest 3x3 sums of a slot, and whether it moves.
__device__ void look_at_slot(const ScoreBatch& score, const BoxPlan& plan, std::int64_t base,
                             std::int64_t slot, ClipShared& shared) {
  const int tokens = static_cast<int>(score.grid.slot_tokens());
  std::int64_t top = 0, motion = 0;
  bool valid = false;
  for (int i = lane(); i < tokens; i += 32) {
    const std::int64_t weighted = smooth_at(score.values + base, score.grid, i);
    const std::int64_t plain = smooth_at(score.motion + base, score.grid, i);
    top = weighted > top ? weighted : top;
    motion = plain > motion ? plain : motion;
    valid = valid || score.valid[base + i] != 0;
  }
  top = warp_max(top);
  motion = warp_max(motion);
  const bool any = __any_sync(kAllLanes, valid) != 0;
  const bool hidden = slot == 0 && plan.first == First::kRandom;
  if (lane() == 0) {
    shared.tops[slot] = top;
    shared.moving[slot] = any && motion >= plan.still && !hidden;
  }
}

// One warp: the best candidate of a slot.
__device__ Centre best_of(const Candidates& candidates, std::uint64_t seed, std::int64_t slot) {
  const int count = candidates.count();
  std::int64_t best = -(std::int64_t{1} << 62);
  for (int i = lane(); i < count; i += 32) {
    const std::int64_t value = candidates(i);
    best = value > best ? value : best;
  }
  best = warp_max(best);
  std::uint64_t tie = ~std::uint64_t{0};
  for (int i = lane(); i < count; i += 32) {
    if (candidates(i) != best) continue;
    const std::uint64_t own = slot_tie(seed, Purpose::kPeak, slot, i);
    tie = own < tie ? own : tie;
  }
  return candidates.centre(static_cast<int>(warp_min(tie) & 0xFFFFFFFFu));
}

// All threads: centres of all slots of a clip.
__device__ void find_centres(const ScoreBatch& score, const BoxPlan& plan, BoxSize size,
                             std::int64_t clip, std::uint64_t seed, std::uint8_t* came_from,
                             ClipShared& shared) {
  const Grid& grid = score.grid;
  const std::int64_t tokens = grid.slot_tokens(), start = clip * grid.tokens();
  const std::uint8_t* cuts = score.cuts + clip * grid.slots;
  const bool inverse = plan.rule == BoxRule::kInverse;
  for (std::int64_t s = warp(); s < grid.slots; s += warps()) {
    if (!inverse) look_at_slot(score, plan, start + s * tokens, s, shared);
    __syncwarp();
    if (!inverse && (shared.moving[s] == 0 || plan.peak == Peak::kPath)) continue;
    const Candidates candidates{score.values + start + s * tokens, grid, size,
                                inverse ? Peak::kBox : plan.peak, inverse};
    const Centre centre = best_of(candidates, seed, s);
    if (lane() == 0) shared.centres[s] = centre;
  }
  __syncthreads();
  if (inverse) return;
  for (std::int64_t begin = 0; begin < grid.slots && plan.peak == Peak::kPath;) {
    std::int64_t end = begin + 1;
    if (shared.moving[begin] != 0) {
      while (end < grid.slots && shared.moving[end] != 0 && cuts[end] == 0) ++end;
      follow_path(score.values + start, grid, begin, end, seed, came_from, shared);
    }
    begin = end;
  }
  if (threadIdx.x == 0) {
    const Walk walk(grid.rows, grid.columns, size, plan.step, seed);
    SlotSource before = SlotSource::kSimulated;
    for (std::int64_t s = 0; s < grid.slots; ++s) {
      const SlotSource own = slot_source(before, shared.moving[s] != 0, cuts[s] != 0);
      if (own != SlotSource::kGuided) {
        const Centre last = s > 0 ? shared.centres[s - 1] : Centre{};
        shared.centres[s] = walk.still(last, before, own, s);
      } else if (plan.peak == Peak::kPath) {
        shared.centres[s] = token_centre(shared.peaks[s], grid.columns);
      }
      before = own;
    }
  }
  __syncthreads();
}

// All threads: centres that know no motion.
__device__ void draw_centres(const Grid& grid, const BoxPlan& plan, BoxSize size,
                             std::uint64_t seed, ClipShared& shared) {
  const Walk walk(grid.rows, grid.columns, size, plan.step, seed);
  if (plan.rule == BoxRule::kJumping) {
    for (std::int64_t s = threadIdx.x; s < grid.slots; s += blockDim.x) {
      shared.centres[s] = walk.start(s);
    }
  } else if (threadIdx.x == 0) {
    shared.centres[0] = walk.start(0);
    for (std::int64_t s = 1; s < grid.slots; ++s) {
      shared.centres[s] =
          plan.rule == BoxRule::kFixed ? shared.centres[0] : walk.next(shared.centres[s - 1], s);
    }
  }
  __syncthreads();
}

__device__ void all_centres(const ScoreBatch& score, const BoxPlan& plan, BoxSize size,
                            std::uint64_t seed, std::uint8_t* came_from, ClipShared& shared) {
  if (plan.rule == BoxRule::kGuided || plan.rule == BoxRule::kInverse) {
    find_centres(score, plan, size, blockIdx.x, seed, came_from, shared);
  } else {
    draw_centres(score.grid, plan, size, seed, shared);
  }
}

// One block makes the masks of one clip: first all centres, then each warp paints slots.
__global__ void score_boxes_kernel(ScoreBatch score, BoxPlan plan, const std::uint64_t* seeds,
                                   std::uint8_t* mask) {
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  Carver carver(shared_bytes);
  ClipShared shared(carver, score.grid, plan.peak == Peak::kPath);
  const std::uint64_t seed = seeds[blockIdx.x];
  const BoxSize size = size_of(plan, score.grid, seed);
  std::uint8_t* own = mask + static_cast<std::int64_t>(blockIdx.x) * score.grid.tokens();
  all_centres(score, plan, size, seed, own, shared);
  for (std::int64_t s = warp(); s < score.grid.slots; s += warps()) {
    // A fixed box is the first slot's, ties included.
    const std::int64_t drawn = plan.rule == BoxRule::kFixed ? 0 : s;
    paint(shared.centres[s], score.grid, size, plan, seed, drawn, shared.ties + kMostTies * warp(),
          own + s * score.grid.slot_tokens());
  }
}

// One block finds the boxes of one clip.
__global__ void corners_kernel(ScoreBatch score, BoxPlan plan, const View* views,
                               const std::int64_t* sizes, const std::uint64_t* seeds,
                               float* corners, std::uint8_t* scratch) {
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  Carver carver(shared_bytes);
  const Grid& grid = score.grid;
  ClipShared shared(carver, grid, plan.peak == Peak::kPath);
  const std::int64_t clip = blockIdx.x;
  const BoxSize size = size_of(plan, grid, seeds[clip]);
  all_centres(score, plan, size, seeds[clip], scratch + clip * grid.tokens(), shared);
  const View view = views[clip];
  for (std::int64_t s = threadIdx.x; s < grid.slots; s += blockDim.x) {
    box_in_source(shared.centres[s], grid, size, view, sizes[2 * clip], sizes[2 * clip + 1],
                  corners + (clip * grid.slots + s) * 4);
  }
}

// One block says of each slot of one clip what its box follows.
__global__ void sources_kernel(ScoreBatch score, BoxPlan plan, std::uint8_t* sources) {
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  Carver carver(shared_bytes);
  const Grid& grid = score.grid;
  ClipShared shared(carver, grid, false);
  const std::int64_t clip = blockIdx.x;
  for (std::int64_t s = warp(); s < grid.slots; s += warps()) {
    look_at_slot(score, plan, clip * grid.tokens() + s * grid.slot_tokens(), s, shared);
  }
  __syncthreads();
  if (threadIdx.x != 0) return;
  SlotSource source = SlotSource::kSimulated;
  for (std::int64_t s = 0; s < grid.slots; ++s) {
    source = slot_source(source, shared.moving[s] != 0, score.cuts[clip * grid.slots + s] != 0);
    sources[clip * grid.slots + s] = static_cast<std::uint8_t>(source);
  }
}

std::int64_t needed_bytes(const Grid& grid, const BoxPlan& plan) {
  Carver carver;
  const ClipShared shared(carver, grid, plan.peak == Peak::kPath);
  return carver.used();
}

void launch_boxes(BoxRule rule, const MaskBatch& batch, const MaskOptions& options,
                  cudaStream_t stream) {
  ScoreBatch score = batch.score;
  score.clips = batch.clips;
  score.grid = batch.grid;
  const BoxPlan plan = plan_boxes(rule, options, score.grid);
  const std::int64_t bytes = needed_bytes(score.grid, plan);
  reserve_shared(score_boxes_kernel, bytes);
  score_boxes_kernel<<<block_count(score.clips), kClipThreads, static_cast<std::size_t>(bytes),
                       stream>>>(score, plan, batch.seeds, batch.mask);
  check(cudaGetLastError(), "score_boxes_kernel");
}

}  // namespace

void source_batch(const ScoreBatch& score, const MaskOptions& options, std::uint8_t* sources,
                  cudaStream_t stream) {
  if (score.clips == 0) return;
  BoxPlan plan{};
  plan.first = options.first;
  plan.still = still_threshold(options.still);
  const std::int64_t bytes = needed_bytes(score.grid, plan);
  reserve_shared(sources_kernel, bytes);
  sources_kernel<<<block_count(score.clips), kClipThreads, static_cast<std::size_t>(bytes),
                   stream>>>(score, plan, sources);
  check(cudaGetLastError(), "sources_kernel");
}

void corner_batch(const ScoreBatch& score, const MaskOptions& options, const View* views,
                  const std::int64_t* sizes, const std::uint64_t* seeds, float* corners,
                  std::uint8_t* scratch, cudaStream_t stream) {
  const BoxPlan plan = plan_boxes(BoxRule::kGuided, options, score.grid);
  if (score.clips == 0) return;
  const std::int64_t bytes = needed_bytes(score.grid, plan);
  reserve_shared(corners_kernel, bytes);
  corners_kernel<<<block_count(score.clips), kClipThreads, static_cast<std::size_t>(bytes),
                   stream>>>(score, plan, views, sizes, seeds, corners, scratch);
  check(cudaGetLastError(), "corners_kernel");
}

}  // namespace mgm::cuda

namespace mgm {

// The mask also holds what a path remembers, so it is written before it is final.
void GuidedMask::launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream) {
  if (batch.score.values == nullptr) return cuda::guided_of_field(batch, options, stream);
  cuda::launch_boxes(cuda::BoxRule::kGuided, batch, options, stream);
}

void InverseMask::launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream) {
  cuda::launch_boxes(cuda::BoxRule::kInverse, batch, options, stream);
}

void SimulatedMask::launch(const MaskBatch& batch, const MaskOptions& options,
                           CUstream_st* stream) {
  cuda::launch_boxes(cuda::BoxRule::kSimulated, batch, options, stream);
}

void FixedMask::launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream) {
  cuda::launch_boxes(cuda::BoxRule::kFixed, batch, options, stream);
}

void JumpingMask::launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream) {
  cuda::launch_boxes(cuda::BoxRule::kJumping, batch, options, stream);
}

}  // namespace mgm
