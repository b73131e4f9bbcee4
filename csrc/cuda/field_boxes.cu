#include "centre.cuh"
#include "launch.hpp"
#include "paint.cuh"
#include "slot_score.cuh"

namespace mgm::cuda {

namespace {

// The peak of a slot that has been scored.
struct Found {
  bool moving;
  Centre centre;
};

// The block's shared memory while it looks for a peak.
struct PeakShared {
  std::int64_t motion[kMostWarps], best[kMostWarps];
  bool valid[kMostWarps];
  Big tie;
};

// Whether a slot moves; top: the largest 3x3 sum of the motion of the thread's own tokens, then of
// all. valid: one of the thread's own tokens is.
__device__ bool is_moving(std::int64_t& top, bool valid, std::int64_t still, PeakShared& shared) {
  top = warp_max(top);
  valid = __any_sync(kAllLanes, valid) != 0;
  if (lane() == 0) {
    shared.motion[warp()] = top;
    shared.valid[warp()] = valid;
  }
  __syncthreads();
  for (int i = 0; i < warps(); ++i) {
    top = max(top, shared.motion[i]);
    valid = valid || shared.valid[i];
  }
  return valid && top >= still;
}

// The largest of a thread's candidates, and whether more than one is as large.
struct Best {
  std::int64_t value = -1;
  int at = 0;
  bool several = false;

  __device__ void see(std::int64_t other, int i) {
    several = other == value || (several && other < value);
    at = other > value ? i : at;
    value = max(value, other);
  }
};

// All threads of the block; the answer is the same in each. valid: score_slot's.
__device__ Found find_peak(const ScoreRequest& request, const BoxPlan& plan, BoxSize size,
                           std::uint64_t seed, int slot, bool valid, const SlotShared& shared,
                           PeakShared& peak) {
  const int first = static_cast<int>(threadIdx.x), step = static_cast<int>(blockDim.x);
  const Candidates candidates{shared.values, request.grid, size, plan.peak, false};
  const auto offer = [&](int i) {
    atomicMin(&peak.tie, Big{slot_tie(seed, Purpose::kPeak, slot, i)});
  };
  Best best;
  for_each_token(request.grid, [&](int i, int r, int c) {
    best.see(smooth_at(shared.motion, request.grid, r, c), i);
  });
  if (first == 0) peak.tie = ~Big{0};
  std::int64_t top = best.value;
  Found found{is_moving(top, valid, plan.still, peak), {}};
  if (!found.moving) return found;
  if (is_weighted(request) || plan.peak != Peak::kSmooth) {
    best = Best();
    for (int i = first; i < candidates.count(); i += step) best.see(candidates(i), i);
    top = block_max(best.value, peak.best);
  }
  if (best.value == top && !best.several) offer(best.at);
  for (int i = best.at; best.value == top && best.several && i < candidates.count(); i += step) {
    if (candidates(i) == top) offer(i);
  }
  __syncthreads();
  found.centre = candidates.centre(static_cast<int>(peak.tie & 0xFFFFFFFFu));
  return found;
}

// One block makes the mask of one slot of one clip. A slot that stands still looks back to the last
// one that moves, so blocks need not wait for each other.
template <Cells cells>
__global__ void __launch_bounds__(most_threads(cells), least_blocks(cells))
    field_boxes_kernel(FieldBatch field, ScoreRequest request, BoxPlan plan,
                       const std::uint64_t* seeds, std::uint8_t* mask) {
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  __shared__ PeakShared peak;
  __shared__ std::uint64_t ties[kMostTies];
  Carver carver(shared_bytes);
  SlotShared shared(carver, field, request.grid, request.camera, warps());
  const Grid& grid = request.grid;
  const auto slots = static_cast<unsigned>(grid.slots);
  const int slot = static_cast<int>(blockIdx.x % slots);
  const ClipView clip(field, grid.slots, blockIdx.x / slots);
  const std::uint64_t seed = seeds[clip.clip];
  const BoxSize size = size_of(plan, grid, seed);
  SlotRows rows = clip.rows(slot);
  load_edges(clip, grid, shared);
  __syncthreads();
  Found found{false, {}};
  int last = slot;
  for (; last >= 0; --last) {
    if (last == 0 && plan.first == First::kRandom) continue;
    if (last != slot) rows = clip.rows(last);
    const bool valid = score_slot<cells>(field, clip, request, last, rows, shared);
    found = find_peak(request, plan, size, seed, last, valid, shared, peak);
    if (found.moving) break;
    __syncthreads();
  }
  if (warp() != 0) return;
  Centre centre = found.centre;
  if (last != slot) {
    const Walk walk(grid.rows, grid.columns, size, plan.step, seed);
    centre = walked(walk, last, centre, slot,
                    [&](std::int64_t s) { return clip.has_cut(static_cast<int>(s)); });
  }
  const std::int64_t base = static_cast<std::int64_t>(blockIdx.x) * grid.slot_tokens();
  paint(centre, grid, size, plan, seed, slot, ties, mask + base);
}

}  // namespace

BoxPlan plan_boxes(BoxRule rule, const MaskOptions& options, const Grid& grid) {
  BoxPlan plan{};
  plan.rule = rule;
  plan.fit = options.fit;
  plan.peak = options.peak;
  plan.first = options.first;
  plan.num_masked = count_masked(options, grid.slot_tokens());
  plan.still = still_threshold(options.still);
  plan.step = walk_step(options.step);
  plan.aspect = aspect_range(options.aspect.low, options.aspect.high);
  plan.drawn = options.aspect.low != options.aspect.high;
  plan.size =
      box_size(static_cast<double>(plan.num_masked), options.aspect.low, grid.rows, grid.columns);
  return plan;
}

void guided_of_field(const MaskBatch& batch, const MaskOptions& options, cudaStream_t stream) {
  const FieldBatch& field = batch.field;
  const ScoreRequest& request = batch.request;
  check_slots(field, request);
  if (options.peak == Peak::kPath) {
    throw std::invalid_argument("a path needs the scores of all slots first");
  }
  const BoxPlan plan = plan_boxes(BoxRule::kGuided, options, request.grid);
  const Cells cells = cells_of(field, request);
  const int threads = slot_threads(field, request.grid, cells);
  Carver carver;
  const SlotShared shared(carver, field, request.grid, request.camera, threads / 32);
  auto kernel = field_boxes_kernel<Cells::kAnyCamera>;
  if (cells == Cells::kManyBlocks) kernel = field_boxes_kernel<Cells::kManyBlocks>;
  if (cells == Cells::kFewBlocks) kernel = field_boxes_kernel<Cells::kFewBlocks>;
  reserve_shared(kernel, carver.used());
  kernel<<<block_count(field.clips * request.grid.slots), threads,
           static_cast<std::size_t>(carver.used()), stream>>>(field, request, plan, batch.seeds,
                                                              batch.mask);
  check(cudaGetLastError(), "field_boxes_kernel");
}

}  // namespace mgm::cuda
