#include <algorithm>
#include <cmath>
#include <vector>

#include "batch/batch_masks.hpp"
#include "masks/rankings.hpp"
#include "masks/select_tokens.hpp"
#include "parallel.hpp"

namespace mgm {

namespace {

// The boxes of each slot of one clip, without those that are none.
struct ClipBoxes {
  std::vector<Box> boxes;
  std::vector<std::int64_t> offsets{0};

  ClipBoxes(const RankRequest& request, std::int64_t clip) {
    const std::int64_t count = request.grid.slots * request.boxes_per_slot;
    const double* corner = request.boxes + clip * count * 4;
    for (std::int64_t i = 0; i < count; ++i, corner += 4) {
      const Box box{corner[0], corner[1], corner[2], corner[3]};
      if (!std::isnan(box.x0 + box.y0 + box.x1 + box.y1)) boxes.push_back(box);
      if ((i + 1) % request.boxes_per_slot == 0) {
        offsets.push_back(static_cast<std::int64_t>(boxes.size()));
      }
    }
    offsets.resize(static_cast<std::size_t>(request.grid.slots) + 1, offsets.back());
  }
};

std::vector<std::uint64_t> key_ranks(std::span<const std::int64_t> keys) {
  std::vector<std::uint64_t> ranks(keys.size());
  std::transform(keys.begin(), keys.end(), ranks.begin(), rank_of_key);
  return ranks;
}

void rank_clip(const RankRequest& request, std::int64_t clip, std::uint64_t seed, Mask mask) {
  const Grid& grid = request.grid;
  const Choice choice{.scope = request.scope,
                      .groups = {},
                      .count = {.num_masked = request.num_masked},
                      .seed = seed};
  std::span<const std::int64_t> values;
  if (request.values != nullptr) {
    values = {request.values + clip * request.grid.tokens(), mask.size()};
  }
  const ScoreView score{grid, values, values, {}, {}};
  switch (request.rule) {
    case RankRule::kEqual:
      return select_tokens(grid, choice, {}, mask);
    case RankRule::kKeys:
      return select_tokens(grid, choice, key_ranks(values), mask);
    case RankRule::kMotion:
      return motion_topk_mask(score, 0, choice, mask);
    case RankRule::kGumbel:
      return motion_topk_mask(score, request.temperature, choice, mask);
    case RankRule::kHalves:
      return motion_halves_mask(score, request.share, choice, mask);
    case RankRule::kCoverage: {
      const ClipBoxes boxes(request, clip);
      return boxes_mask(grid, {boxes.boxes, boxes.offsets}, request.views[clip], values, choice,
                        mask);
    }
  }
}

}  // namespace

void rank_batch(const RankRequest& request, const std::uint64_t* seeds, std::uint8_t* mask,
                int threads) {
  const std::int64_t tokens = request.grid.tokens();
  run_parallel(request.clips, threads, [&](std::int64_t clip) {
    rank_clip(request, clip, seeds == nullptr ? 0 : seeds[clip],
              {mask + clip * tokens, static_cast<std::size_t>(tokens)});
  });
}

void ids_batch(const std::uint8_t* mask, std::int64_t clips, std::int64_t n, std::int64_t visible,
               std::int64_t* keep, std::int64_t* restore, int threads) {
  run_parallel(clips, threads, [&](std::int64_t clip) {
    const std::uint8_t* own = mask + clip * n;
    std::int64_t* kept = keep + clip * visible;
    std::int64_t shown = 0, hidden = n - std::count_if(own, own + n, [](auto m) { return m != 0; });
    std::fill_n(kept, visible, -1);
    for (std::int64_t i = 0; i < n; ++i) {
      if (own[i] == 0 && shown < visible) kept[shown] = i;
      restore[clip * n + i] = own[i] == 0 ? shown++ : hidden++;
    }
  });
}

}  // namespace mgm
