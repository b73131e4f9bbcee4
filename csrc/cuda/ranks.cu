#include <cmath>

#include "launch.hpp"
#include "select.cuh"

namespace mgm::cuda {

namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kHeldKeys = 12288;  // more are worked out again each time

enum class RankRule {
  kEqual,     // at random
  kKeys,      // the caller's keys, lowest first
  kMotion,    // most motion first
  kGumbel,    // drawn without replacement
  kCoverage,  // most covered by a box, then most motion
  kHalves,    // a tube, a share of its visible tokens from the moving half
};

// A batch and a mask's options, turned into integers on the host.
struct RankPlan {
  std::int64_t clips;
  Grid grid;
  RankRule rule;
  Scope scope;
  std::int64_t num_masked;
  const std::int64_t* values;  // [B, S, R, C] keys or motion; null: none
  const double* boxes;         // [B, S, boxes_per_slot, 4]; NaN: no box
  std::int64_t boxes_per_slot;
  const View* views;  // [B], for boxes
  std::int64_t inverse, from_moving;
  bool held;
};

// One clip of a batch, as its block sees it.
struct ClipRanks {
  const RankPlan& plan;
  std::int64_t clip, largest;
  std::uint64_t seed;

  __device__ const std::int64_t* values() const { return plan.values + clip * plan.grid.tokens(); }
  __device__ std::uint64_t word_of(Purpose purpose, std::int64_t token) const {
    const std::int64_t size = plan.grid.slot_tokens();
    return philox_word(seed, purpose, static_cast<std::uint32_t>(token / size),
                       static_cast<std::uint32_t>(token % size));
  }
  __device__ std::uint64_t tie(std::int64_t token) const {
    return tie_rank(static_cast<std::uint32_t>(word_of(Purpose::kRank, token)),
                    static_cast<std::uint32_t>(token));
  }
  __device__ std::uint64_t covered(std::int64_t token) const;
  __device__ std::uint64_t key(std::int64_t token) const {
    switch (plan.rule) {
      case RankRule::kKeys:
        return rank_of_key(values()[token]);
      case RankRule::kMotion:
        return motion_rank(values()[token]);
      case RankRule::kGumbel:
        return gumbel_rank(path_term(values()[token], largest), plan.inverse,
                           static_cast<std::uint32_t>(word_of(Purpose::kGumbel, token)));
      case RankRule::kCoverage:
        return covered(token);
      default:
        return tie(token);  // at random: the ties themselves
    }
  }
};

__device__ std::uint64_t ClipRanks::covered(std::int64_t token) const {
  const Grid& grid = plan.grid;
  const std::int64_t slot = token / grid.slot_tokens(), i = token % grid.slot_tokens();
  const View& view = plan.views[clip];
  const std::int64_t r = i / grid.columns, c = i % grid.columns;
  const std::int64_t column = view.hflip != 0 ? grid.columns - 1 - c : c;
  const double* box = plan.boxes + (clip * grid.slots + slot) * plan.boxes_per_slot * 4;
  std::int64_t most = 0;
  for (std::int64_t b = 0; b < plan.boxes_per_slot; ++b, box += 4) {
    if (isnan(box[0] + box[1] + box[2] + box[3])) continue;
    const std::int64_t high = cell_overlap(box_edge(box[1], view.y, view.h, grid.rows),
                                           box_edge(box[3], view.y, view.h, grid.rows), r);
    const std::int64_t wide = cell_overlap(box_edge(box[0], view.x, view.w, grid.columns),
                                           box_edge(box[2], view.x, view.w, grid.columns), column);
    most = high * wide > most ? high * wide : most;
  }
  return coverage_rank(most, plan.values != nullptr ? values()[token] : 0);
}

// One block chooses the tokens of one slot, or of one clip.
__global__ void ranks_kernel(RankPlan plan, const std::uint64_t* seeds, std::uint8_t* mask) {
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  __shared__ SelectShared shared;
  auto* held = reinterpret_cast<std::uint64_t*>(shared_bytes);
  const Grid& grid = plan.grid;
  const bool slots = plan.scope == Scope::kSlot;
  const std::int64_t clip = slots ? blockIdx.x / grid.slots : blockIdx.x;
  const std::int64_t first = slots ? blockIdx.x % grid.slots * grid.slot_tokens() : 0;
  const int n = static_cast<int>(plan.scope == Scope::kClip ? grid.tokens() : grid.slot_tokens());
  ClipRanks ranks{plan, clip, 0, seeds == nullptr ? 0 : seeds[clip]};
  if (plan.rule == RankRule::kGumbel) {
    std::uint64_t most = 0;
    for (std::int64_t i = threadIdx.x; i < grid.tokens(); i += blockDim.x) {
      const auto value = static_cast<std::uint64_t>(ranks.values()[i]);
      most = value > most ? value : most;
    }
    ranks.largest = static_cast<std::int64_t>(block_max(most, shared.reduced));
  }
  if (plan.held) {
    for (int i = static_cast<int>(threadIdx.x); i < n; i += static_cast<int>(blockDim.x)) {
      held[i] = ranks.key(first + i);
    }
  }
  __syncthreads();
  std::uint8_t* own = mask + clip * grid.tokens() + first;
  const std::int64_t copies = plan.scope == Scope::kTube ? grid.slots : 1;
  choose(
      shared, n, static_cast<unsigned>(plan.num_masked), [](int) { return true; },
      [&](int i) { return plan.held ? held[i] : ranks.key(first + i); },
      [&](int i) { return ranks.tie(first + i); },
      [&](int i, bool chosen) {
        for (std::int64_t s = 0; s < copies; ++s) own[s * n + i] = chosen;
      });
}

// One block draws the visible tokens of one clip from its moving and its still half.
__global__ void halves_kernel(RankPlan plan, const std::uint64_t* seeds, std::uint8_t* mask) {
  __shared__ SelectShared shared;
  const Grid& grid = plan.grid;
  const std::int64_t clip = blockIdx.x;
  const int n = static_cast<int>(grid.slot_tokens());
  const ClipRanks ranks{plan, clip, 0, seeds[clip]};
  std::uint8_t* own = mask + clip * grid.tokens();
  const auto tie = [&](int i) { return ranks.tie(i); };
  const auto motion = [&](int i) {
    std::uint64_t rank = std::uint64_t{1} << 62;
    for (std::int64_t s = 0; s < grid.slots; ++s) {
      rank -= static_cast<std::uint64_t>(ranks.values()[s * n + i]);
    }
    return rank;
  };
  const auto half = static_cast<unsigned>(n / 2);
  // 3: of the moving half, 2: of the other, until each half has been drawn from.
  choose(
      shared, n, half, [](int) { return true; }, motion, tie,
      [&](int i, bool moving) { own[i] = moving ? 3 : 2; });
  const std::int64_t visible = n - plan.num_masked;
  for (int side = 3; side >= 2; --side) {
    const std::int64_t shown = side == 3 ? plan.from_moving : visible - plan.from_moving;
    const std::int64_t all = side == 3 ? half : n - half;
    choose(
        shared, n, static_cast<unsigned>(all - shown), [&](int i) { return own[i] == side; }, tie,
        tie, [&](int i, bool chosen) { own[i] = chosen; });
  }
  for (std::int64_t i = n + threadIdx.x; i < grid.tokens(); i += blockDim.x) own[i] = own[i % n];
}

void launch_ranks(RankRule rule, const MaskBatch& batch, const MaskOptions& options,
                  cudaStream_t stream) {
  const Grid& grid = batch.grid;
  const std::int64_t n = options.scope == Scope::kClip ? grid.tokens() : grid.slot_tokens();
  RankPlan plan{};
  plan.clips = batch.clips;
  plan.grid = grid;
  plan.rule = rule;
  plan.scope = options.scope;
  plan.num_masked = count_masked(options, n);
  plan.values = batch.score.values;
  plan.boxes = batch.boxes;
  plan.boxes_per_slot = batch.boxes_per_slot;
  plan.views = batch.views;
  plan.held = n <= kHeldKeys;
  if (rule == RankRule::kGumbel) plan.inverse = inverse_temperature(options.temperature);
  if (rule == RankRule::kHalves) {
    plan.from_moving =
        visible_from_moving(options.visible_from_motion, n - plan.num_masked, n / 2, n - n / 2);
  }
  if (rule == RankRule::kHalves) {
    halves_kernel<<<block_count(plan.clips), kThreads, 0, stream>>>(plan, batch.seeds, batch.mask);
    return check(cudaGetLastError(), "halves_kernel");
  }
  const std::int64_t bytes = plan.held ? 8 * n : 0;
  reserve_shared(ranks_kernel, bytes + static_cast<std::int64_t>(sizeof(SelectShared)));
  const std::int64_t blocks = plan.clips * (plan.scope == Scope::kSlot ? grid.slots : 1);
  ranks_kernel<<<block_count(blocks), kThreads, static_cast<std::size_t>(bytes), stream>>>(
      plan, batch.seeds, batch.mask);
  check(cudaGetLastError(), "ranks_kernel");
}

}  // namespace

}  // namespace mgm::cuda

namespace mgm {

void RandomMask::launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream) {
  cuda::launch_ranks(cuda::RankRule::kEqual, batch, options, stream);
}

void SelectMask::launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream) {
  cuda::launch_ranks(cuda::RankRule::kKeys, batch, options, stream);
}

void TopKMask::launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream) {
  const bool halves = !std::isnan(options.visible_from_motion);
  const auto drawn = options.temperature != 0 ? cuda::RankRule::kGumbel : cuda::RankRule::kMotion;
  cuda::launch_ranks(halves ? cuda::RankRule::kHalves : drawn, batch, options, stream);
}

void BoxesMask::launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream) {
  cuda::launch_ranks(cuda::RankRule::kCoverage, batch, options, stream);
}

}  // namespace mgm
