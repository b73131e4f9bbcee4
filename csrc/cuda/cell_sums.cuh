// Speeds of a slot's rows added up per cell, by one block.
#pragma once

#include "camera.cuh"
#include "slot_shared.cuh"

namespace mgm::cuda {

// How a block gets at its cells.
enum class Cells {
  kManyBlocks,  // four at once, in small blocks: while one waits or paints, others work
  kFewBlocks,   // four at once, in large blocks: there are processors to spare
  kAnyCamera,   // row by row, a warp for each
};

inline constexpr int most_threads(Cells cells) {
  return cells == Cells::kManyBlocks ? 64 : (cells == Cells::kFewBlocks ? 384 : 256);
}
inline constexpr int least_blocks(Cells cells) { return cells == Cells::kManyBlocks ? 16 : 2; }

// Four cells at once need rows that begin at multiples of 16 bytes.
inline Cells cells_of(const FieldBatch& field, const ScoreRequest& request) {
  constexpr std::int64_t kManyBlocks = 320;  // from there on these took less time on an H200
  if (request.camera != Camera::kNone || field.high * field.wide % 4 != 0 ||
      reinterpret_cast<std::uintptr_t>(field.vectors) % 16 != 0) {
    return Cells::kAnyCamera;
  }
  const bool many = field.clips * request.grid.slots >= kManyBlocks;
  return many ? Cells::kManyBlocks : Cells::kFewBlocks;
}

// Rows of which the cells are asked for before any is used.
inline constexpr int kRowsAhead = 2;

// Four cells of one row, into the sums of four.
__device__ inline void add_quad(const int4& quad, bool counts_row, std::uint32_t (&sums)[4]) {
  const std::int32_t words[4] = {quad.x, quad.y, quad.z, quad.w};
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    const int dx = static_cast<std::int16_t>(words[j] & 0xFFFF);
    const std::uint32_t own = kCount + quick_speed(dx, words[j] >> 16);
    if (dx != kNoVector && counts_row) sums[j] += own;
  }
}

// Sums of cells [low, high) over some rows, four cells per thread and step: no camera, aligned
// rows. ahead: steps whose cells are asked for before any is used.
template <int ahead>
__device__ inline void sum_quads(const ClipView& clip, const SlotRows& rows, int low, int high,
                                 SlotShared& shared) {
  const int stride = static_cast<int>(clip.field.high * clip.field.wide);
  const int cells = high - low, step = 4 * static_cast<int>(blockDim.x);
  for (int i = 4 * static_cast<int>(threadIdx.x); i < cells; i += ahead * step) {
    std::uint32_t sums[ahead][4] = {};
    const std::int32_t* cell = clip.vectors(rows.begin) + low + i;
    for (int m = rows.begin; m < rows.end; m += kRowsAhead, cell += kRowsAhead * stride) {
      int4 quads[kRowsAhead][ahead] = {};
      bool counts[kRowsAhead] = {};
#pragma unroll
      for (int k = 0; k < kRowsAhead; ++k) {
        if (m + k >= rows.end) continue;
        counts[k] = __ldg(clip.cuts() + m + k) == 0;
#pragma unroll
        for (int a = 0; a < ahead; ++a) {
          if (i + a * step >= cells) continue;
          quads[k][a] = __ldg(reinterpret_cast<const int4*>(cell + k * stride + a * step));
        }
      }
#pragma unroll
      for (int k = 0; k < kRowsAhead; ++k) {
#pragma unroll
        for (int a = 0; a < ahead; ++a) add_quad(quads[k][a], counts[k], sums[a]);
      }
    }
#pragma unroll
    for (int a = 0; a < ahead; ++a) {
      if (i + a * step >= cells) continue;
      *reinterpret_cast<uint4*>(shared.sums + i + a * step) = {sums[a][0], sums[a][1], sums[a][2],
                                                               sums[a][3]};
    }
  }
}

// The same for any field and camera: a warp takes a row, fits its camera and adds what is left.
__device__ inline void sum_rows(const ClipView& clip, Camera camera, const SlotRows& rows, int low,
                                int high, SlotShared& shared) {
  for (int i = static_cast<int>(threadIdx.x); i < high - low; i += static_cast<int>(blockDim.x)) {
    shared.sums[i] = 0;
  }
  __syncthreads();
  unsigned* bins = shared.bins + 256 * warp();
  const ClipCells cells = clip.cells();
  for (int m = rows.begin + warp(); m < rows.end; m += warps()) {
    if (clip.cuts()[m] != 0) continue;
    const RowCells row{clip.vectors(m), static_cast<int>(cells.high), static_cast<int>(cells.wide),
                       static_cast<int>(clip.field.wide)};
    RowCamera found;
    if (camera == Camera::kMedian) found = median_camera(row, bins);
    if (camera == Camera::kAffine) found = affine_camera(row, bins);
    for_each_valid(row, [&](int r, int c, const Vector& vector) {
      const int at = r * row.stride + c - low;
      if (at < 0 || at >= high - low) return;
      const int value = camera == Camera::kNone
                            ? static_cast<int>(quick_speed(vector.dx, vector.dy))
                            : found.residual(row, r, c, vector);
      atomicAdd(shared.sums + at, kCount + static_cast<std::uint32_t>(value));
    });
  }
}

}  // namespace mgm::cuda
