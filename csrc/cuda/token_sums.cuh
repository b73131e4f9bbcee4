// Sums per cell turned into sums per token, weighted by the area that they share; by one block.
#pragma once

#include "slot_shared.cuh"

namespace mgm::cuda {

// Cells that are asked for before any is used: most tokens have no more in a line.
inline constexpr int kCellsAtOnce = 4;

// Cells [first, last) that a token touches along an axis; 256ths of the first and of the last that
// it leaves out.
struct TokenSpan {
  int first, last;
  std::uint32_t before, after;

  __device__ explicit TokenSpan(const std::int32_t* edges)
      : first(edges[0] >> 8),
        last((edges[1] + 255) >> 8),
        before(static_cast<std::uint32_t>(edges[0] & 255)),
        after(static_cast<std::uint32_t>(256 * last - edges[1])) {}
};

// What the cells of a token's line add up to, and what of it is beyond the token's ends, in 1/256
// cell. Speeds of a chunk's cells over kRowsAtOnce rows add up to less than 2^32.
struct LineSum {
  std::uint32_t speed = 0, area = 0, speed_beyond = 0, area_beyond = 0;

  // Cells [from, to), of those that the token touches.
  __device__ LineSum(const std::uint32_t* line, int from, int to, const TokenSpan& across) {
#pragma unroll 1
    for (int c = from; c < to; c += kCellsAtOnce) {
      std::uint32_t words[kCellsAtOnce];
#pragma unroll
      for (int k = 0; k < kCellsAtOnce; ++k) words[k] = c + k < to ? line[c + k] : 0;
#pragma unroll
      for (int k = 0; k < kCellsAtOnce; ++k) {
        speed += words[k];
        area += words[k] >> kCountShift;
      }
    }
    speed -= area << kCountShift;
    const std::uint32_t first = from == across.first ? line[from] : 0;
    const std::uint32_t last = to == across.last ? line[to - 1] : 0;
    speed_beyond = (first & (kCount - 1)) * across.before + (last & (kCount - 1)) * across.after;
    area_beyond = (first >> kCountShift) * across.before + (last >> kCountShift) * across.after;
  }
};

// Adds cells [low, high)'s sums to values (speed) and motion (area), or sets them.
__device__ inline void add_to_tokens(const FieldBatch& field, const Grid& grid, int low, int high,
                                     bool set, SlotShared& shared) {
  const int wide = static_cast<int>(field.wide), cells = high - low;
  for_each_token(grid, [&](int i, int r, int c) {
    const TokenSpan down(shared.down + 2 * r), across(shared.across + 2 * c);
    std::uint64_t speed = 0, area = 0, speed_beyond = 0, area_beyond = 0;
    for (int y = down.first; y < down.last; ++y) {
      const int line = y * wide - low;
      const int from = max(across.first, -line), to = min(across.last, cells - line);
      if (from >= to) continue;
      const LineSum sum(shared.sums + line, from, to, across);
      std::uint32_t tall = 256;
      if (y == down.first) tall -= down.before;
      if (y + 1 == down.last) tall -= down.after;
      speed += std::uint64_t{sum.speed} * tall;
      area += std::uint64_t{sum.area} * tall;
      speed_beyond += std::uint64_t{sum.speed_beyond} * tall;
      area_beyond += std::uint64_t{sum.area_beyond} * tall;
    }
    speed = 256 * speed - speed_beyond;
    area = 256 * area - area_beyond;
    if (!set) {
      speed += static_cast<std::uint64_t>(shared.values[i]);
      area += static_cast<std::uint64_t>(shared.motion[i]);
    }
    shared.values[i] = static_cast<std::int64_t>(speed);
    shared.motion[i] = static_cast<std::int64_t>(area);
  });
}

}  // namespace mgm::cuda
