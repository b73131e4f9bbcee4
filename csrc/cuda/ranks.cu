#include "launch.hpp"
#include "masks/mask_options.hpp"
#include "math/batch.hpp"
#include "select.cuh"

namespace mgm::cuda {

namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kHeldKeys = 12288;  // more are worked out again each time

struct RankPlan {
  RankRequest request;
  std::int64_t inverse, from_moving;
  bool held;
};

// One clip of a batch, as its block sees it.
struct ClipRanks {
  const RankPlan& plan;
  std::int64_t clip, largest;
  std::uint64_t seed;

  __device__ const std::int64_t* values() const {
    return plan.request.values + clip * plan.request.grid.tokens();
  }
  __device__ std::uint64_t word_of(Purpose purpose, std::int64_t token) const {
    const std::int64_t size = plan.request.grid.slot_tokens();
    return philox_word(seed, purpose, static_cast<std::uint32_t>(token / size),
                       static_cast<std::uint32_t>(token % size));
  }
  __device__ std::uint64_t tie(std::int64_t token) const {
    return tie_rank(static_cast<std::uint32_t>(word_of(Purpose::kRank, token)),
                    static_cast<std::uint32_t>(token));
  }
  __device__ std::uint64_t covered(std::int64_t token) const;
  __device__ std::uint64_t key(std::int64_t token) const {
    switch (plan.request.rule) {
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
  const RankRequest& request = plan.request;
  const Grid& grid = request.grid;
  const std::int64_t slot = token / grid.slot_tokens(), i = token % grid.slot_tokens();
  const View& view = request.views[clip];
  const std::int64_t r = i / grid.columns, c = i % grid.columns;
  const std::int64_t column = view.hflip != 0 ? grid.columns - 1 - c : c;
  const double* box = request.boxes + (clip * grid.slots + slot) * request.boxes_per_slot * 4;
  std::int64_t most = 0;
  for (std::int64_t b = 0; b < request.boxes_per_slot; ++b, box += 4) {
    if (isnan(box[0] + box[1] + box[2] + box[3])) continue;
    const std::int64_t high = cell_overlap(box_edge(box[1], view.y, view.h, grid.rows),
                                           box_edge(box[3], view.y, view.h, grid.rows), r);
    const std::int64_t wide = cell_overlap(box_edge(box[0], view.x, view.w, grid.columns),
                                           box_edge(box[2], view.x, view.w, grid.columns), column);
    most = high * wide > most ? high * wide : most;
  }
  return coverage_rank(most, request.values != nullptr ? values()[token] : 0);
}

// One block chooses the tokens of one slot, or of one clip.
__global__ void ranks_kernel(RankPlan plan, const std::uint64_t* seeds, std::uint8_t* mask) {
  extern __shared__ __align__(16) unsigned char shared[];
  __shared__ SelectRoom room;
  auto* held = reinterpret_cast<std::uint64_t*>(shared);
  const RankRequest& request = plan.request;
  const Grid& grid = request.grid;
  const bool slots = request.scope == Scope::kSlot;
  const std::int64_t clip = slots ? blockIdx.x / grid.slots : blockIdx.x;
  const std::int64_t first = slots ? blockIdx.x % grid.slots * grid.slot_tokens() : 0;
  const int n =
      static_cast<int>(request.scope == Scope::kClip ? grid.tokens() : grid.slot_tokens());
  ClipRanks ranks{plan, clip, 0, seeds == nullptr ? 0 : seeds[clip]};
  if (request.rule == RankRule::kGumbel) {
    std::uint64_t most = 0;
    for (std::int64_t i = threadIdx.x; i < grid.tokens(); i += blockDim.x) {
      const auto value = static_cast<std::uint64_t>(ranks.values()[i]);
      most = value > most ? value : most;
    }
    ranks.largest = static_cast<std::int64_t>(block_max(most, room.reduced));
  }
  if (plan.held) {
    for (int i = static_cast<int>(threadIdx.x); i < n; i += static_cast<int>(blockDim.x)) {
      held[i] = ranks.key(first + i);
    }
  }
  __syncthreads();
  std::uint8_t* own = mask + clip * grid.tokens() + first;
  const std::int64_t copies = request.scope == Scope::kTube ? grid.slots : 1;
  choose(
      room, n, static_cast<unsigned>(request.num_masked), [](int) { return true; },
      [&](int i) { return plan.held ? held[i] : ranks.key(first + i); },
      [&](int i) { return ranks.tie(first + i); },
      [&](int i, bool chosen) {
        for (std::int64_t s = 0; s < copies; ++s) own[s * n + i] = chosen;
      });
}

// One block draws the visible tokens of one clip from its moving and its still half.
__global__ void halves_kernel(RankPlan plan, const std::uint64_t* seeds, std::uint8_t* mask) {
  __shared__ SelectRoom room;
  const Grid& grid = plan.request.grid;
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
  // 2: of the moving half, until each half has been drawn from.
  choose(
      room, n, half, [](int) { return true; }, motion, tie,
      [&](int i, bool moving) { own[i] = moving ? 3 : 2; });
  const std::int64_t visible = n - plan.request.num_masked;
  for (int side = 3; side >= 2; --side) {
    const std::int64_t shown = side == 3 ? plan.from_moving : visible - plan.from_moving;
    const std::int64_t all = side == 3 ? half : n - half;
    choose(
        room, n, static_cast<unsigned>(all - shown), [&](int i) { return own[i] == side; }, tie,
        tie, [&](int i, bool chosen) { own[i] = chosen; });
  }
  for (std::int64_t i = n + threadIdx.x; i < grid.tokens(); i += blockDim.x) own[i] = own[i % n];
}

}  // namespace

void rank_batch(const RankRequest& request, const std::uint64_t* seeds, std::uint8_t* mask,
                cudaStream_t stream) {
  const Grid& grid = request.grid;
  const std::int64_t n = request.scope == Scope::kClip ? grid.tokens() : grid.slot_tokens();
  if (request.num_masked < 1 || request.num_masked >= n) {
    throw std::invalid_argument("num_masked must be in [1, " + std::to_string(n - 1) + "], not " +
                                std::to_string(request.num_masked));
  }
  RankPlan plan{request, 0, 0, n <= kHeldKeys};
  if (request.rule == RankRule::kGumbel) plan.inverse = inverse_temperature(request.temperature);
  if (request.rule == RankRule::kHalves) {
    plan.from_moving = visible_from_moving(request.share, n - request.num_masked, n / 2, n - n / 2);
  }
  if (request.clips == 0) return;
  if (request.rule == RankRule::kHalves) {
    halves_kernel<<<block_count(request.clips), kThreads, 0, stream>>>(plan, seeds, mask);
    return check(cudaGetLastError(), "halves_kernel");
  }
  const std::int64_t bytes = plan.held ? 8 * n : 0;
  reserve_shared(ranks_kernel, bytes + static_cast<std::int64_t>(sizeof(SelectRoom)));
  const std::int64_t blocks = request.clips * (request.scope == Scope::kSlot ? grid.slots : 1);
  ranks_kernel<<<block_count(blocks), kThreads, static_cast<std::size_t>(bytes), stream>>>(
      plan, seeds, mask);
  check(cudaGetLastError(), "ranks_kernel");
}

}  // namespace mgm::cuda
