// A slot of a clip as one block sees it: where its rows are, which cells its tokens cover, and the
// shared memory in which they are summed.
#pragma once

#include "batch.hpp"
#include "block.cuh"

namespace mgm::cuda {

// A sum of speeds in the low 24 bits, and above how many: of at most kRowsAtOnce rows.
inline constexpr int kCountShift = 24;
inline constexpr std::uint32_t kCount = 1u << kCountShift;
inline constexpr std::int64_t kRowsAtOnce = 32;
inline constexpr std::int64_t kChunkCells = 4096;  // of which sums are held at once

// The block's shared memory.
struct SlotRoom {
  std::uint32_t* sums;            // [chunk] see kCount
  std::int64_t *values, *motion;  // [R * C]
  std::int64_t* reduced;          // [kMostWarps]
  std::int32_t *down, *across;    // [R, 2] and [C, 2]: edges of tokens in 1/256 cell
  unsigned* bins;                 // [warps, 256], where a camera is subtracted
  std::uint8_t* valid;            // [R * C]
  std::int64_t chunk;

  __host__ __device__ SlotRoom(Carver& carver, const FieldBatch& field, const TokenGrid& grid,
                               Camera camera, int warp_count) {
    const std::int64_t tokens = grid.slot_tokens(), cells = (field.high * field.wide + 3) / 4 * 4;
    chunk = cells < kChunkCells ? cells : kChunkCells;
    sums = carver.take<std::uint32_t>(chunk);
    values = carver.take<std::int64_t>(tokens);
    motion = carver.take<std::int64_t>(tokens);
    reduced = carver.take<std::int64_t>(2 * kMostWarps);
    down = carver.take<std::int32_t>(2 * grid.rows);
    across = carver.take<std::int32_t>(2 * grid.columns);
    bins = carver.take<unsigned>(camera == Camera::kNone ? 0 : 256 * warp_count);
    valid = carver.take<std::uint8_t>(tokens);
  }
};

// A clip of a batch, as a block sees it.
struct ClipView {
  std::int64_t clip, rows, tubelet;
  ClipCells cells;
  ViewRow view;
  const std::int32_t* vectors;  // [M, R, C]
  const std::uint8_t* cuts;     // [M]
  const std::int64_t* offsets;  // [T + 1]

  __device__ ClipView(const FieldBatch& field, std::int64_t slots, std::int64_t index)
      : clip(index),
        rows(field.rows),
        tubelet(static_cast<unsigned>(field.samples) / static_cast<unsigned>(slots)),
        cells(clip_cells(field, index)),
        view(field.views[index]),
        vectors(reinterpret_cast<const std::int32_t*>(field.vectors) +
                index * field.rows * field.high * field.wide),
        cuts(field.cuts + index * field.rows),
        offsets(field.offsets + index * (field.samples + 1)) {}

  // Inside the field, whatever the offsets say.
  __device__ std::int64_t first_row(std::int64_t slot) const {
    return clamp_to(offsets[slot * tubelet], 0, rows);
  }
  __device__ std::int64_t last_row(std::int64_t slot) const {
    return clamp_to(offsets[(slot + 1) * tubelet], first_row(slot), rows);
  }
  // The same answer in every thread.
  __device__ bool has_cut(std::int64_t slot) const {
    for (std::int64_t m = first_row(slot); m < last_row(slot); ++m) {
      if (cuts[m] != 0) return true;
    }
    return false;
  }
};

__device__ inline void load_edges(const ClipView& clip, const TokenGrid& grid, SlotRoom& room) {
  const auto edge = [](double start, double length, std::int64_t j, std::int64_t n,
                       std::int64_t cell, std::int64_t cells) {
    return static_cast<std::int32_t>(token_edge(start, length, j, n, cell, cells));
  };
  // One thread per edge: edge e of an axis is the high end of token e - 1 and the low end of e.
  for (std::int64_t e = threadIdx.x; e <= grid.rows + grid.columns + 1; e += blockDim.x) {
    if (e <= grid.rows) {
      const std::int32_t at =
          edge(clip.view.y, clip.view.h, e, grid.rows, clip.cells.cell, clip.cells.high);
      if (e > 0) room.down[2 * e - 1] = at;
      if (e < grid.rows) room.down[2 * e] = at;
      continue;
    }
    const std::int64_t j = e - grid.rows - 1;
    const std::int32_t at =
        edge(clip.view.x, clip.view.w, j, grid.columns, clip.cells.cell, clip.cells.wide);
    const bool mirrored = clip.view.hflip != 0;
    const std::int64_t low = mirrored ? grid.columns - 1 - j : j;
    const std::int64_t high = mirrored ? grid.columns - j : j - 1;
    if (j > 0) room.across[2 * high + 1] = at;
    if (j < grid.columns) room.across[2 * low] = at;
  }
}

// sum(chunk by chunk) for the cells that the view covers.
template <class Sum>
__device__ inline void for_each_chunk(const FieldBatch& field, const TokenGrid& grid,
                                      SlotRoom& room, const Sum& sum) {
  const std::int64_t first = room.down[0] >> 8, last = (room.down[2 * grid.rows - 1] + 255) >> 8;
  const std::int64_t end = (last * field.wide + 3) / 4 * 4;
  std::int64_t low = first * field.wide / 4 * 4;
  do {
    sum(low, low + room.chunk < end ? low + room.chunk : end);
    low += room.chunk;
  } while (low < end);
}

}  // namespace mgm::cuda
