// A slot of a clip as one block sees it: where its rows are, which cells its tokens cover, and the
// shared memory in which they are summed.
#pragma once

#include "block.cuh"
#include "math/batch.hpp"

namespace mgm::cuda {

// A sum of speeds in the low 24 bits, and above how many: of at most kRowsAtOnce rows.
inline constexpr int kCountShift = 24;
inline constexpr std::uint32_t kCount = 1u << kCountShift;
inline constexpr int kRowsAtOnce = 16;
inline constexpr int kChunkCells = 4096;  // of which sums are held at once

// The block's shared memory.
struct SlotShared {
  std::uint32_t* sums;            // [chunk] see kCount
  std::int64_t *values, *motion;  // [R * C]
  std::int32_t *down, *across;    // [R, 2] and [C, 2]: edges of tokens in 1/256 cell
  unsigned* bins;                 // [warps, 256], where a camera is subtracted
  std::uint8_t* valid;            // [R * C]
  int chunk;

  __host__ __device__ SlotShared(Carver& carver, const FieldBatch& field, const Grid& grid,
                                 Camera camera, int warp_count) {
    const std::int64_t tokens = grid.slot_tokens(), cells = (field.high * field.wide + 3) / 4 * 4;
    chunk = static_cast<int>(cells < kChunkCells ? cells : kChunkCells);
    sums = carver.take<std::uint32_t>(chunk);
    values = carver.take<std::int64_t>(tokens);
    motion = carver.take<std::int64_t>(tokens);
    down = carver.take<std::int32_t>(2 * grid.rows);
    across = carver.take<std::int32_t>(2 * grid.columns);
    bins = carver.take<unsigned>(camera == Camera::kNone ? 0 : 256 * warp_count);
    valid = carver.take<std::uint8_t>(tokens);
  }
};

// Rows [begin, end) of a clip.
struct SlotRows {
  int begin, end;
};

// A clip of a batch, as a block sees it. It holds little, because registers are scarce.
struct ClipView {
  const FieldBatch& field;
  std::int64_t clip;
  int tubelet;

  __device__ ClipView(const FieldBatch& field_, std::int64_t slots, std::int64_t index)
      : field(field_),
        clip(index),
        tubelet(static_cast<int>(static_cast<unsigned>(field_.samples) /
                                 static_cast<unsigned>(slots))) {}

  [[nodiscard]] __device__ const View& view() const { return field.views[clip]; }
  [[nodiscard]] __device__ ClipCells cells() const { return clip_cells(field, clip); }
  // [M]
  [[nodiscard]] __device__ const std::uint8_t* cuts() const {
    return field.cuts + clip * field.rows;
  }
  // [R, C] of a row
  [[nodiscard]] __device__ const std::int32_t* vectors(int row) const {
    return reinterpret_cast<const std::int32_t*>(field.vectors) +
           (clip * field.rows + row) * (field.high * field.wide);
  }
  // Inside the field, whatever the offsets say.
  [[nodiscard]] __device__ SlotRows rows(int slot) const {
    const std::int64_t* offsets = field.offsets + clip * (field.samples + 1);
    const std::int64_t first = offsets[slot * tubelet], last = offsets[(slot + 1) * tubelet];
    const std::int64_t begin = clamp_to(first, 0, field.rows);
    return {static_cast<int>(begin), static_cast<int>(clamp_to(last, begin, field.rows))};
  }
  // The same answer in every thread.
  [[nodiscard]] __device__ bool has_cut(int slot) const {
    const SlotRows own = rows(slot);
    for (int m = own.begin; m < own.end; ++m) {
      if (cuts()[m] != 0) return true;
    }
    return false;
  }
};

// visit(i, r, c) by each thread for its share of a slot's tokens.
template <class Visit>
__device__ inline void for_each_token(const Grid& grid, const Visit& visit) {
  for_each_place(static_cast<int>(grid.rows), static_cast<int>(grid.columns),
                 static_cast<int>(threadIdx.x), static_cast<int>(blockDim.x), visit);
}

__device__ inline void load_edges(const ClipView& clip, const Grid& grid, SlotShared& shared) {
  const int rows = static_cast<int>(grid.rows), columns = static_cast<int>(grid.columns);
  // One thread per edge: edge e of an axis is the high end of token e - 1 and the low end of e.
  for (int e = static_cast<int>(threadIdx.x); e <= rows + columns + 1;
       e += static_cast<int>(blockDim.x)) {
    const View view = clip.view();
    const ClipCells cells = clip.cells();
    const bool down = e <= rows;
    const int j = down ? e : e - rows - 1, n = down ? rows : columns;
    const auto at =
        static_cast<std::int32_t>(token_edge(down ? view.y : view.x, down ? view.h : view.w, j, n,
                                             cells.cell, down ? cells.high : cells.wide));
    std::int32_t* edges = down ? shared.down : shared.across;
    const bool mirrored = !down && view.hflip != 0;
    if (j > 0) edges[2 * (mirrored ? n - j : j - 1) + 1] = at;
    if (j < n) edges[2 * (mirrored ? n - 1 - j : j)] = at;
  }
}

// sum(low, high) for cells [low, high), chunk by chunk, of those that the view covers.
template <class Sum>
__device__ inline void for_each_chunk(const FieldBatch& field, const Grid& grid,
                                      const SlotShared& shared, const Sum& sum) {
  const int wide = static_cast<int>(field.wide);
  const int first = shared.down[0] >> 8, last = (shared.down[2 * grid.rows - 1] + 255) >> 8;
  const int end = (last * wide + 3) / 4 * 4;
  int low = first * wide / 4 * 4;
  do {
    sum(low, min(low + shared.chunk, end));
    low += shared.chunk;
  } while (low < end);
}

}  // namespace mgm::cuda
