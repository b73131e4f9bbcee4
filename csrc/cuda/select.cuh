// Exactly K tokens of lowest rank, by one block: the rank's K-th value is found byte by byte, from
// the highest that differs.
#pragma once

#include "block.cuh"
#include "math/mask_math.hpp"

namespace mgm::cuda {

// The block's shared memory.
struct SelectShared {
  unsigned counts[256];
  std::uint64_t reduced[2 * kMostWarps];
  unsigned range, before, inside;
};

// All keys up to this are chosen: `equal` of them are the last's equals, of which `wanted` count.
struct Threshold {
  std::uint64_t last;
  unsigned wanted, equal;
};

// One warp: the range of counts that holds item `before` (from 0).
__device__ inline void find_range(SelectShared& shared, unsigned before) {
  unsigned own = 0;
  for (int i = 0; i < 8; ++i) own += shared.counts[8 * lane() + i];
  unsigned upto = own;
  for (int step = 1; step < 32; step *= 2) {
    const unsigned other = __shfl_up_sync(kAllLanes, upto, step);
    if (lane() >= step) upto += other;
  }
  const unsigned over = __ballot_sync(kAllLanes, upto > before);
  if (lane() != __ffs(static_cast<int>(over)) - 1) return;
  unsigned rest = before - (upto - own);
  int range = 8 * lane();
  while (rest >= shared.counts[range]) rest -= shared.counts[range++];
  shared.range = static_cast<unsigned>(range);
  shared.before = rest;
  shared.inside = shared.counts[range];
}

// The k-th lowest key of those of n that count; 1 <= k <= their number. for_each(visit): visit(key)
// by each thread for its share of those keys. All threads; ends with a barrier.
template <class ForEach>
__device__ inline Threshold find_threshold(SelectShared& shared, unsigned k,
                                           const ForEach& for_each) {
  std::uint64_t lowest = ~std::uint64_t{0}, highest = 0;
  for_each([&](std::uint64_t key) {
    lowest = key < lowest ? key : lowest;
    highest = key > highest ? key : highest;
  });
  // The complement turns the smallest into the largest.
  highest = block_max(highest, shared.reduced);
  lowest = ~block_max(~lowest, shared.reduced + kMostWarps);
  unsigned before = k - 1;
  const std::uint64_t differ = lowest ^ highest;
  int shift = differ == 0 ? -8 : (63 - __clzll(static_cast<long long>(differ))) / 8 * 8;
  // Bits above the first byte that differs are those of all keys.
  std::uint64_t prefix = shift == 56 || shift < 0 ? 0 : lowest >> (shift + 8) << (shift + 8);
  if (shift < 0) {
    unsigned count = 0;
    for_each([&](std::uint64_t) { ++count; });
    __syncthreads();
    const std::uint64_t all = block_sum(std::uint64_t{count}, shared.reduced);
    __syncthreads();
    return {lowest, k, static_cast<unsigned>(all)};
  }
  unsigned inside = 0;
  for (; shift >= 0; shift -= 8) {
    for (int i = static_cast<int>(threadIdx.x); i < 256; i += static_cast<int>(blockDim.x)) {
      shared.counts[i] = 0;
    }
    __syncthreads();
    for_each([&](std::uint64_t key) {
      const bool same = shift == 56 || (key ^ prefix) >> (shift + 8) == 0;
      if (same) atomicAdd(&shared.counts[(key >> shift) & 255], 1u);
    });
    __syncthreads();
    if (warp() == 0) find_range(shared, before);
    __syncthreads();
    prefix |= std::uint64_t{shared.range} << shift;
    before = shared.before;
    inside = shared.inside;
    if (before + 1 == inside) {
      // All of the range are chosen: the last key is at most the range's end.
      __syncthreads();
      return {prefix | ((std::uint64_t{1} << shift) - 1), inside, inside};
    }
  }
  __syncthreads();
  return {prefix, before + 1, inside};
}

// write(i, chosen) for each of n tokens that counts: the k of lowest (key, tie). counts(i), key(i)
// and tie(i) are asked as often as needed; ties are all different.
template <class Counts, class Key, class Tie, class Write>
__device__ inline void choose(SelectShared& shared, int n, unsigned k, const Counts& counts,
                              const Key& key, const Tie& tie, const Write& write) {
  const int first = static_cast<int>(threadIdx.x), step = static_cast<int>(blockDim.x);
  Threshold threshold{0, 0, 0}, among{~std::uint64_t{0}, 0, 0};
  if (k > 0) {
    threshold = find_threshold(shared, k, [&](const auto& visit) {
      for (int i = first; i < n; i += step) {
        if (counts(i)) visit(key(i));
      }
    });
  }
  if (threshold.wanted < threshold.equal) {
    among = find_threshold(shared, threshold.wanted, [&](const auto& visit) {
      for (int i = first; i < n; i += step) {
        if (counts(i) && key(i) == threshold.last) visit(tie(i));
      }
    });
  }
  for (int i = first; i < n; i += step) {
    if (!counts(i)) continue;
    const std::uint64_t own = key(i);
    const bool last = own == threshold.last && threshold.wanted < threshold.equal;
    write(i, k > 0 && own <= threshold.last && (!last || tie(i) <= among.last));
  }
  __syncthreads();
}

}  // namespace mgm::cuda
