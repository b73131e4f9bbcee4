// The path of peaks through the slots of one clip, found by one block.
#pragma once

#include "centre.cuh"
#include "paint.cuh"

namespace mgm::cuda {

inline constexpr int kClipThreads = 256;

// The block's shared memory: what is known of each slot, and the best paths into each token.
struct ClipShared {
  std::int64_t* tops;     // [S] largest 3x3 sum of the weighted values
  std::int64_t* peaks;    // [S] token of a path
  Centre* centres;        // [S]
  std::uint8_t* moving;   // [S]
  std::uint64_t* merits;  // [2, R * C], where there is a path
  std::uint64_t* reduced;
  std::uint64_t* ties;  // [warps, kMostTies]

  __host__ __device__ ClipShared(Carver& carver, const Grid& grid, bool path) {
    tops = carver.take<std::int64_t>(grid.slots);
    peaks = carver.take<std::int64_t>(grid.slots);
    centres = carver.take<Centre>(grid.slots);
    moving = carver.take<std::uint8_t>(grid.slots);
    merits = carver.take<std::uint64_t>(path ? 2 * grid.slot_tokens() : 0);
    reduced = carver.take<std::uint64_t>(2 * kMostWarps);
    ties = carver.take<std::uint64_t>(kClipThreads / 32 * kMostTies);
  }
};

// The best path into a token: its merit, and whose it is as a place in the square around the token.
struct Reached {
  std::uint64_t merit = 0;
  int code = 0;
};

__device__ inline Reached best_before(const std::uint64_t* merits, int rows, int columns, int i) {
  const int r = i / columns, c = i % columns;
  Reached best;
  for (int dr = -kPathReach; dr <= kPathReach; ++dr) {
    if (r + dr < 0 || r + dr >= rows) continue;
    for (int dc = -kPathReach; dc <= kPathReach; ++dc) {
      if (c + dc < 0 || c + dc >= columns) continue;
      const std::uint64_t merit = merits[(r + dr) * columns + c + dc];
      if (merit > best.merit) {
        best = {merit, (dr + kPathReach) * (2 * kPathReach + 1) + dc + kPathReach};
      }
    }
  }
  return best;
}

// All threads: peaks of slots [begin, end) along the path with the largest sum of terms. came_from:
// bytes [S, R, C]. Merits are those of the core: sum above, turned Philox word below, plus one.
__device__ inline void follow_path(const std::int64_t* values, const Grid& grid, std::int64_t begin,
                                   std::int64_t end, std::uint64_t seed, std::uint8_t* came_from,
                                   ClipShared& shared) {
  const int tokens = static_cast<int>(grid.slot_tokens());
  const int rows = static_cast<int>(grid.rows), columns = static_cast<int>(grid.columns);
  const int first = static_cast<int>(threadIdx.x), step = static_cast<int>(blockDim.x);
  std::uint64_t *before = shared.merits, *now = shared.merits + tokens;
  for (std::int64_t s = begin; s < end; ++s) {
    const std::int64_t base = s * tokens;
    for (int i = first; i < tokens; i += step) {
      const Reached best = s > begin ? best_before(before, rows, columns, i) : Reached{1, 0};
      const auto term =
          static_cast<std::uint64_t>(path_term(smooth_at(values + base, grid, i), shared.tops[s]));
      const std::uint32_t word = philox_word(seed, Purpose::kPeak, static_cast<std::uint32_t>(s),
                                             static_cast<std::uint32_t>(i));
      now[i] = (((((best.merit - 1) >> 32) + term) << 32) | (0xFFFFFFFFu - word)) + 1;
      came_from[base + i] = static_cast<std::uint8_t>(best.code);
    }
    __syncthreads();
    std::uint64_t* other = before;
    before = now;
    now = other;
  }
  std::uint64_t most = 0;
  for (int i = first; i < tokens; i += step) most = before[i] > most ? before[i] : most;
  most = block_max(most, shared.reduced);
  std::uint64_t at = 0;  // turned, so that the smallest index is the largest number
  for (int i = first; i < tokens; i += step) {
    if (before[i] == most && at == 0) at = static_cast<std::uint64_t>(tokens - i);
  }
  at = block_max(at, shared.reduced + kMostWarps);
  if (first == 0) {
    int token = tokens - static_cast<int>(at);
    for (std::int64_t s = end - 1; s >= begin; --s) {
      shared.peaks[s] = token;
      const int code = came_from[s * tokens + token];
      const int side = 2 * kPathReach + 1;
      if (s > begin) token += (code / side - kPathReach) * columns + code % side - kPathReach;
    }
  }
  __syncthreads();
}

}  // namespace mgm::cuda
