// Turns the centre of a slot's box into exactly K masked tokens; one warp paints one slot.
#pragma once

#include "block.cuh"
#include "box_math.hpp"
#include "centre.cuh"

namespace mgm::cuda {

// At most 2 rows and 2 columns are equally far from a centre, so at most 8 tokens are equal in both
// halves of their rank.
inline constexpr int kMostTies = 8;
inline constexpr int kHalf = static_cast<int>(kToken / 2);

// Tokens of a slot in the order in which a box grows: by far, then near, then tie.
//
// Distances fit 32 bits because R * C < 2^20.
struct Growth {
  int row, column, rows, columns;
  std::uint32_t h, w;

  __device__ Growth(const Centre& centre, BoxSize size, int rows_, int columns_)
      : row(static_cast<int>(centre.row)),
        column(static_cast<int>(centre.column)),
        rows(rows_),
        columns(columns_),
        h(static_cast<std::uint32_t>(size.h)),
        w(static_cast<std::uint32_t>(size.w)) {}

  [[nodiscard]] __device__ std::uint32_t down(int r) const {
    return static_cast<std::uint32_t>(abs((2 * r + 1) * kHalf - row)) * w;
  }
  [[nodiscard]] __device__ std::uint32_t across(int c) const {
    return static_cast<std::uint32_t>(abs((2 * c + 1) * kHalf - column)) * h;
  }
  // Distance t of all rows, then columns.
  [[nodiscard]] __device__ std::uint32_t candidate(int t) const {
    return t < rows ? down(t) : across(t - rows);
  }
};

// How many rows and columns are nearer than a distance, or at it.
struct Within {
  std::uint32_t rows_under = 0, rows_at = 0, columns_under = 0, columns_at = 0;

  Within() = default;
  __device__ Within(const Growth& growth, std::uint32_t distance) {
    for (int r = 0; r < growth.rows; ++r) {
      const std::uint32_t d = growth.down(r);
      rows_under += d < distance;
      rows_at += d == distance;
    }
    for (int c = 0; c < growth.columns; ++c) {
      const std::uint32_t d = growth.across(c);
      columns_under += d < distance;
      columns_at += d == distance;
    }
  }
  [[nodiscard]] __device__ std::uint32_t tokens_under() const { return rows_under * columns_under; }
  [[nodiscard]] __device__ std::uint32_t tokens_upto() const {
    return (rows_under + rows_at) * (columns_under + columns_at);
  }
  // That of another lane.
  [[nodiscard]] __device__ Within of_lane(int owner) const {
    Within other;
    other.rows_under = __shfl_sync(kAllLanes, rows_under, owner);
    other.rows_at = __shfl_sync(kAllLanes, rows_at, owner);
    other.columns_under = __shfl_sync(kAllLanes, columns_under, owner);
    other.columns_at = __shfl_sync(kAllLanes, columns_at, owner);
    return other;
  }
};

// Which tokens are masked: far < reach, or far == reach and (near < rim, or near == rim and the tie
// is among the first `drawn`).
struct Reach {
  std::uint32_t reach = 0, rim = 0, drawn = 0, ties = 0;
};

// The smallest candidate with enough(candidate, within), and what is within it; the lanes share the
// candidates. own: the lane's first candidate's.
template <class Enough>
__device__ inline std::uint32_t nearest(const Growth& growth, const Within& own, Within& found,
                                        const Enough& enough) {
  std::uint32_t best = 0xFFFFFFFFu;
  Within within;
  for (int t = lane(); t < growth.rows + growth.columns; t += 32) {
    const std::uint32_t d = growth.candidate(t);
    if (d >= best) continue;
    const Within here = t < 32 ? own : Within(growth, d);
    if (!enough(d, here)) continue;
    best = d;
    within = here;
  }
  const std::uint32_t least = warp_min(best);
  const unsigned owners = __ballot_sync(kAllLanes, best == least);
  found = within.of_lane(__ffs(static_cast<int>(owners)) - 1);
  return least;
}

__device__ inline Reach reach_of(const Growth& growth, std::uint32_t k) {
  Within own, outer, inner;
  if (lane() < growth.rows + growth.columns) own = Within(growth, growth.candidate(lane()));
  Reach result;
  result.reach = nearest(growth, own, outer, [k](std::uint32_t, const Within& within) {
    return within.tokens_upto() >= k;
  });
  const std::uint32_t need = k - outer.tokens_under();
  // Tokens at the reach whose other distance is under, or at, a distance.
  const auto rim_under = [&](const Within& within) {
    return outer.rows_at * within.columns_under + outer.columns_at * within.rows_under;
  };
  const auto rim_upto = [&](std::uint32_t d, const Within& within) {
    const std::uint32_t both = d == result.reach ? outer.rows_at * outer.columns_at : 0;
    return rim_under(within) + outer.rows_at * within.columns_at +
           outer.columns_at * within.rows_at - both;
  };
  result.rim = nearest(growth, own, inner, [&](std::uint32_t d, const Within& within) {
    return d <= result.reach && rim_upto(d, within) >= need;
  });
  result.drawn = need - rim_under(inner);
  result.ties = rim_upto(result.rim, inner) - rim_under(inner);
  return result;
}

__device__ inline std::uint64_t rank_tie(std::uint64_t seed, std::int64_t slot, int i) {
  const auto index = static_cast<std::uint32_t>(i);
  return tie_rank(philox_word(seed, Purpose::kRank, static_cast<std::uint32_t>(slot), index),
                  index);
}

// ties: kMostTies of the warp's own.
__device__ inline void grow(const Growth& growth, std::uint32_t k, std::uint64_t seed,
                            std::int64_t slot, std::uint64_t* ties, std::uint8_t* mask) {
  const Reach reach = reach_of(growth, k);
  const int tokens = growth.rows * growth.columns;
  const bool draws = reach.drawn < reach.ties;
  const auto is_tie = [&](std::uint32_t a, std::uint32_t b) {
    return max(a, b) == reach.reach && min(a, b) == reach.rim;
  };
  if (draws) {
    int found = 0;
    for (int base = 0; base < tokens; base += 32) {
      const int i = base + lane();
      const bool tie =
          i < tokens && is_tie(growth.down(i / growth.columns), growth.across(i % growth.columns));
      const unsigned all = __ballot_sync(kAllLanes, tie);
      const int place = found + __popc(all & ((1u << lane()) - 1));
      if (tie && place < kMostTies) ties[place] = rank_tie(seed, slot, i);
      found += __popc(all);
    }
    __syncwarp();
  }
  for (int i = lane(); i < tokens; i += 32) {
    const std::uint32_t a = growth.down(i / growth.columns), b = growth.across(i % growth.columns);
    const std::uint32_t far = max(a, b), near = min(a, b);
    bool masked = far < reach.reach || (far == reach.reach && near <= reach.rim);
    if (draws && is_tie(a, b)) {
      const std::uint64_t own = rank_tie(seed, slot, i);
      std::uint32_t before = 0;
      for (std::uint32_t t = 0; t < reach.ties; ++t) before += ties[t] < own;
      masked = before < reach.drawn;
    }
    mask[i] = masked;
  }
  __syncwarp();
}

// mask: the slot's. Peaks are moved by the clip's jitter, places on a walk are not.
__device__ inline void paint(Centre centre, const TokenGrid& grid, BoxSize size,
                             const BoxPlan& plan, std::uint64_t seed, std::int64_t slot,
                             std::uint64_t* ties, std::uint8_t* mask) {
  if (centre.peak) {
    const PhiloxBlock words = philox_block(seed, Purpose::kJitter, 0, 0);
    centre.row += jitter(words.words[0]);
    centre.column += jitter(words.words[1]);
  }
  const int rows = static_cast<int>(grid.rows), columns = static_cast<int>(grid.columns);
  if (plan.fit == Fit::kClip) {
    const std::int64_t top = box_start(centre.row, size.h);
    const std::int64_t left = box_start(centre.column, size.w);
    for (int i = lane(); i < rows * columns; i += 32) {
      const int r = i / columns, c = i % columns;
      mask[i] = r >= top && r < top + size.h && c >= left && c < left + size.w;
    }
    return;
  }
  if (plan.fit == Fit::kShift) centre = slid_centre(centre, grid.rows, grid.columns, size);
  grow(Growth(centre, size, rows, columns), static_cast<std::uint32_t>(plan.num_masked), seed, slot,
       ties, mask);
}

}  // namespace mgm::cuda
