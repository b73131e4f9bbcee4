// Where the motion of a slot is, and how a box goes on without motion.
#pragma once

#include "block.cuh"
#include "masks/mask_table.hpp"

namespace mgm::cuda {

enum class BoxRule { kGuided, kInverse, kSimulated, kFixed, kJumping };

// A mask's options, turned into integers on the host.
struct BoxPlan {
  BoxRule rule;
  Fit fit;
  Peak peak;
  First first;
  std::int64_t num_masked, still;
  std::uint32_t step;
  bool drawn;  // the aspect differs from clip to clip
  AspectRange aspect;
  BoxSize size;  // where it is not drawn
};

BoxPlan plan_boxes(BoxRule rule, const MaskOptions& options, const Grid& grid);

__device__ inline BoxSize size_of(const BoxPlan& plan, const Grid& grid, std::uint64_t seed) {
  if (!plan.drawn) return plan.size;
  const double aspect = aspect_of(plan.aspect, philox_word(seed, Purpose::kAspect, 0, 0));
  return box_size(static_cast<double>(plan.num_masked), aspect, grid.rows, grid.columns);
}

// 3x3 sum with zeros around.
__device__ inline std::int64_t smooth_at(const std::int64_t* values, const Grid& grid, int r,
                                         int c) {
  const int rows = static_cast<int>(grid.rows), columns = static_cast<int>(grid.columns);
  std::int64_t sum = 0;
  for (int y = max(r - 1, 0); y < min(r + 2, rows); ++y) {
    const std::int64_t* line = values + y * columns;
    sum += line[c];
    if (c > 0) sum += line[c - 1];
    if (c + 1 < columns) sum += line[c + 1];
  }
  return sum;
}

__device__ inline std::int64_t smooth_at(const std::int64_t* values, const Grid& grid, int i) {
  const int columns = static_cast<int>(grid.columns);
  return smooth_at(values, grid, i / columns, i % columns);
}

// What peaks are searched among: tokens, or windows of the box's size.
struct Candidates {
  const std::int64_t* values;
  Grid grid;
  BoxSize size;
  Peak peak;
  bool inverse;

  [[nodiscard]] __device__ int count() const {
    if (peak != Peak::kBox) return static_cast<int>(grid.slot_tokens());
    return static_cast<int>((grid.rows - size.h + 1) * (grid.columns - size.w + 1));
  }
  [[nodiscard]] __device__ std::int64_t operator()(int i) const {
    if (peak == Peak::kSmooth) return smooth_at(values, grid, i);
    if (peak == Peak::kBlock) return values[i];
    const int places = static_cast<int>(grid.columns - size.w + 1);
    std::int64_t sum = 0;
    for (int r = i / places; r < i / places + size.h; ++r) {
      for (int c = i % places; c < i % places + size.w; ++c) sum += values[r * grid.columns + c];
    }
    return inverse ? -sum : sum;
  }
  [[nodiscard]] __device__ Centre centre(int i) const {
    if (peak == Peak::kBox) return window_centre(i, grid.columns, size);
    return token_centre(i, grid.columns);
  }
};

// The centre of a slot without motion, from the last slot with motion, or from the start.
// last: that slot, or -1; centre: its. is_cut(slot) says where a held centre starts anew.
template <class IsCut>
__device__ inline Centre walked(const Walk& walk, std::int64_t last, Centre centre,
                                std::int64_t slot, const IsCut& is_cut) {
  SlotSource before = last >= 0 ? SlotSource::kGuided : SlotSource::kSimulated;
  for (std::int64_t s = last + 1; s <= slot; ++s) {
    const bool held = before != SlotSource::kSimulated;
    const SlotSource own = slot_source(before, false, held && is_cut(s));
    centre = walk.still(centre, before, own, s);
    before = own;
  }
  return centre;
}

}  // namespace mgm::cuda
