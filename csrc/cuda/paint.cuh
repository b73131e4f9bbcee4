// Turns the centre of a slot's box into exactly K masked tokens; one warp paints one slot.
#pragma once

#include "block.cuh"
#include "centre.cuh"
#include "math/box_math.hpp"

namespace mgm::cuda {

// At most 2 rows and 2 columns are equally far from a centre, so at most 8 tokens are equal in both
// halves of their rank.
inline constexpr int kMostTies = 8;
inline constexpr std::uint32_t kHalf = static_cast<std::uint32_t>(kToken / 2);

// Tokens of a slot in the order in which a box grows: by far, then near, then tie.
//
// Distances fit 32 bits because R * C < 2^20.
struct Growth {
  std::uint32_t row, column;
  int rows, columns;
  std::uint32_t h, w;

  __device__ Growth(const Centre& centre, BoxSize size, int rows_, int columns_)
      : row(static_cast<std::uint32_t>(centre.row)),
        column(static_cast<std::uint32_t>(centre.column)),
        rows(rows_),
        columns(columns_),
        h(static_cast<std::uint32_t>(size.h)),
        w(static_cast<std::uint32_t>(size.w)) {}

  [[nodiscard]] __device__ std::uint32_t down(int r) const { return apart(r, row) * w; }
  [[nodiscard]] __device__ std::uint32_t across(int c) const { return apart(c, column) * h; }
  // Distance t of all rows, then columns.
  [[nodiscard]] __device__ std::uint32_t candidate(int t) const {
    return t < rows ? down(t) : across(t - rows);
  }

  // Places between the middle of token j of an axis and another place.
  __device__ static std::uint32_t apart(int j, std::uint32_t place) {
    const std::uint32_t middle = (2 * static_cast<std::uint32_t>(j) + 1) * kHalf;
    return max(middle, place) - min(middle, place);
  }
};

// How many of n tokens have their middle at most `far` from a place inside them.
__device__ inline std::uint32_t count_within(std::uint32_t place, std::uint32_t n,
                                             std::uint32_t far) {
  const std::uint32_t low = place - min(far, place);
  const std::uint32_t high = place + min(far, 2 * kHalf * n - place);
  return min((high + kHalf) / (2 * kHalf), n) - (low + kHalf - 1) / (2 * kHalf);
}

// How many rows and columns are nearer than a distance, or at it.
struct Within {
  std::uint32_t rows_under = 0, rows_at = 0, columns_under = 0, columns_at = 0;

  Within() = default;
  __device__ Within(const Growth& growth, std::uint32_t distance) {
    count(growth.row, static_cast<std::uint32_t>(growth.rows), growth.w, distance, rows_under,
          rows_at);
    count(growth.column, static_cast<std::uint32_t>(growth.columns), growth.h, distance,
          columns_under, columns_at);
  }
  [[nodiscard]] __device__ std::uint32_t tokens_under() const { return rows_under * columns_under; }
  [[nodiscard]] __device__ std::uint32_t tokens_upto() const {
    return (rows_under + rows_at) * (columns_under + columns_at);
  }
  // Those of n tokens whose places away, times scale, are under the distance, or are it.
  __device__ static void count(std::uint32_t place, std::uint32_t n, std::uint32_t scale,
                               std::uint32_t distance, std::uint32_t& under, std::uint32_t& at) {
    const std::uint32_t far = distance / scale, upto = count_within(place, n, far);
    under = upto;
    if (far * scale == distance) under = far > 0 ? count_within(place, n, far - 1) : 0;
    at = upto - under;
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

// The tokens at the rim, of which reach.drawn are masked. ties: kMostTies of the warp's own.
__device__ inline void draw_rim(const Growth& growth, const Reach& reach, std::uint64_t seed,
                                std::int64_t slot, std::uint64_t* ties, std::uint8_t* mask) {
  const auto for_each_tie = [&](const auto& visit) {
    int found = 0;
    for (int base = 0; base < growth.rows * growth.columns; base += 32) {
      const int i = base + lane(), r = i / growth.columns, c = i % growth.columns;
      const std::uint32_t a = growth.down(r), b = growth.across(c);
      const bool tie = r < growth.rows && max(a, b) == reach.reach && min(a, b) == reach.rim;
      const unsigned all = __ballot_sync(kAllLanes, tie);
      if (tie) visit(found + __popc(all & ((1u << lane()) - 1)), i);
      found += __popc(all);
    }
    __syncwarp();
  };
  for_each_tie([&](int place, int i) {
    if (place < kMostTies) ties[place] = slot_tie(seed, Purpose::kRank, slot, i);
  });
  for_each_tie([&](int, int i) {
    const std::uint64_t own = slot_tie(seed, Purpose::kRank, slot, i);
    std::uint32_t before = 0;
    for (std::uint32_t t = 0; t < reach.ties; ++t) before += ties[t] < own;
    mask[i] = before < reach.drawn;
  });
}

// ties: kMostTies of the warp's own.
__device__ inline void grow(const Growth& growth, std::uint32_t k, std::uint64_t seed,
                            std::int64_t slot, std::uint64_t* ties, std::uint8_t* mask) {
  const Reach reach = reach_of(growth, k);
  for_each_place(growth.rows, growth.columns, lane(), 32, [&](int i, int r, int c) {
    const std::uint32_t a = growth.down(r), b = growth.across(c), far = max(a, b);
    mask[i] = far < reach.reach || (far == reach.reach && min(a, b) <= reach.rim);
  });
  __syncwarp();
  if (reach.drawn < reach.ties) draw_rim(growth, reach, seed, slot, ties, mask);
}

// mask: the slot's. Peaks are moved by the clip's jitter, places on a walk are not.
__device__ inline void paint(Centre centre, const Grid& grid, BoxSize size, const BoxPlan& plan,
                             std::uint64_t seed, std::int64_t slot, std::uint64_t* ties,
                             std::uint8_t* mask) {
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
