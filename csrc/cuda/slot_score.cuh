// The score of one slot of one clip, made by one block in shared memory.
#pragma once

#include "batch.hpp"
#include "camera.cuh"
#include "coded_share.cuh"
#include "slot_room.cuh"

namespace mgm::cuda {

// How a block gets at its cells.
enum class Cells {
  kManyBlocks,  // four at once, in small blocks: while one waits or paints, others work
  kFewBlocks,   // four at once, in large blocks: there are processors to spare
  kAnyCamera,   // row by row, a warp for each
};

inline constexpr int most_threads(Cells cells) {
  return cells == Cells::kManyBlocks ? 128 : (cells == Cells::kFewBlocks ? 384 : 256);
}
inline constexpr int least_blocks(Cells cells) { return cells == Cells::kManyBlocks ? 8 : 2; }

// Four cells at once need rows that begin at multiples of 16 bytes.
inline Cells cells_of(const FieldBatch& field, const ScoreRequest& request) {
  constexpr std::int64_t kManyBlocks = 512;
  if (request.camera != Camera::kNone || field.high * field.wide % 4 != 0 ||
      reinterpret_cast<std::uintptr_t>(field.vectors) % 16 != 0) {
    return Cells::kAnyCamera;
  }
  const bool many = field.clips * request.grid.slots >= kManyBlocks;
  return many ? Cells::kManyBlocks : Cells::kFewBlocks;
}

// Sums over rows [begin, end) of four cells per thread and step: no camera, aligned rows. ahead:
// steps whose cells are asked for before any is used.
template <int ahead>
__device__ inline void sum_quads(const FieldBatch& field, const ClipView& clip, std::int64_t begin,
                                 std::int64_t end, std::int64_t low, std::int64_t high,
                                 SlotRoom& room) {
  const int stride = static_cast<int>(field.high * field.wide),
            step = 4 * static_cast<int>(blockDim.x);
  const int rows = static_cast<int>(end - begin), cells = static_cast<int>(high - low);
  const std::uint8_t* cuts = clip.cuts + begin;
  for (int i = 4 * static_cast<int>(threadIdx.x); i < cells; i += ahead * step) {
    std::uint32_t sums[ahead][4] = {};
    const std::int32_t* cell = clip.vectors + begin * stride + low + i;
#pragma unroll(ahead > 1 ? 2 : 4)
    for (int m = 0; m < rows; ++m, cell += stride) {
      int4 quads[ahead] = {};
#pragma unroll
      for (int a = 0; a < ahead; ++a) {
        if (i + a * step < cells) quads[a] = __ldg(reinterpret_cast<const int4*>(cell + a * step));
      }
      const bool counts_row = __ldg(cuts + m) == 0;
#pragma unroll
      for (int a = 0; a < ahead; ++a) {
        const std::int32_t words[4] = {quads[a].x, quads[a].y, quads[a].z, quads[a].w};
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          const Vector vector = unpacked(words[j]);
          const auto own = static_cast<std::uint32_t>(speed(vector.dx, vector.dy));
          sums[a][j] += vector.valid && counts_row ? kCount + own : 0u;
        }
      }
    }
#pragma unroll
    for (int a = 0; a < ahead; ++a) {
      if (i + a * step >= cells) continue;
      *reinterpret_cast<uint4*>(room.sums + i + a * step) = {sums[a][0], sums[a][1], sums[a][2],
                                                             sums[a][3]};
    }
  }
}

// The same for any field and camera: a warp takes a row, fits its camera and adds what is left.
__device__ inline void sum_rows(const FieldBatch& field, const ClipView& clip, Camera camera,
                                std::int64_t begin, std::int64_t end, std::int64_t low,
                                std::int64_t high, SlotRoom& room) {
  for (std::int64_t i = threadIdx.x; i < high - low; i += blockDim.x) room.sums[i] = 0;
  __syncthreads();
  unsigned* bins = room.bins + 256 * warp();
  for (std::int64_t m = begin + warp(); m < end; m += warps()) {
    if (clip.cuts[m] != 0) continue;
    const RowCells row{clip.vectors + m * field.high * field.wide,
                       static_cast<int>(clip.cells.high), static_cast<int>(clip.cells.wide),
                       static_cast<int>(field.wide)};
    RowCamera found;
    if (camera == Camera::kMedian) found = median_camera(row, bins);
    if (camera == Camera::kAffine) found = affine_camera(row, bins);
    for_each_valid(row, [&](int r, int c, const Vector& vector) {
      const std::int64_t at = static_cast<std::int64_t>(r) * row.stride + c - low;
      if (at < 0 || at >= high - low) return;
      const int value =
          camera == Camera::kNone ? speed(vector.dx, vector.dy) : found.residual(row, r, c, vector);
      atomicAdd(room.sums + at, kCount + static_cast<std::uint32_t>(value));
    });
  }
}

// Adds the chunk's sums, weighted by area, to values (speed) and motion (area), or sets them.
__device__ inline void add_to_tokens(const FieldBatch& field, const TokenGrid& grid,
                                     std::int64_t low, std::int64_t high, bool set,
                                     SlotRoom& room) {
  const int tokens = static_cast<int>(grid.slot_tokens()), columns = static_cast<int>(grid.columns);
  const int wide = static_cast<int>(field.wide), cells = static_cast<int>(high - low);
  for (int i = static_cast<int>(threadIdx.x); i < tokens; i += static_cast<int>(blockDim.x)) {
    const int y0 = room.down[2 * (i / columns)], y1 = room.down[2 * (i / columns) + 1];
    const int x0 = room.across[2 * (i % columns)], x1 = room.across[2 * (i % columns) + 1];
    std::uint64_t speeds = 0, areas = 0;
    for (int r = y0 >> 8; 256 * r < y1; ++r) {
      const int tall = min(y1, 256 * (r + 1)) - max(y0, 256 * r);
      std::uint64_t line_speed = 0, line_area = 0;
      const int line = r * wide - static_cast<int>(low);
      for (int c = x0 >> 8; 256 * c < x1; ++c) {
        const int at = line + c;
        if (at < 0 || at >= cells) continue;
        const auto across = static_cast<std::uint32_t>(min(x1, 256 * (c + 1)) - max(x0, 256 * c));
        const std::uint32_t sum = room.sums[at];
        line_speed += static_cast<std::uint64_t>(across) * (sum & (kCount - 1));
        line_area += static_cast<std::uint64_t>(across) * (sum >> kCountShift);
      }
      speeds += line_speed * static_cast<std::uint32_t>(tall);
      areas += line_area * static_cast<std::uint32_t>(tall);
    }
    if (set) room.values[i] = room.motion[i] = 0;
    room.values[i] += static_cast<std::int64_t>(speeds);
    room.motion[i] += static_cast<std::int64_t>(areas);
  }
}

// values and motion = speed and area of each token over the slot's rows.
template <Cells cells>
__device__ inline void sum_slot(const FieldBatch& field, const ClipView& clip,
                                const ScoreRequest& request, std::int64_t slot, SlotRoom& room) {
  const std::int64_t begin = clip.first_row(slot), end = clip.last_row(slot);
  bool set = true;
  for_each_chunk(field, request.grid, room, [&](std::int64_t low, std::int64_t high) {
    std::int64_t m = begin;
    do {
      const std::int64_t stop = m + kRowsAtOnce < end ? m + kRowsAtOnce : end;
      if (!set) __syncthreads();
      if constexpr (cells == Cells::kManyBlocks) {
        sum_quads<3>(field, clip, m, stop, low, high, room);
      } else if constexpr (cells == Cells::kFewBlocks) {
        sum_quads<1>(field, clip, m, stop, low, high, room);
      } else {
        sum_rows(field, clip, request.camera, m, stop, low, high, room);
      }
      __syncthreads();
      add_to_tokens(field, request.grid, low, high, set, room);
      set = false;
      m += kRowsAtOnce;
    } while (m < end);
  });
}

// A token without a valid cell takes the mean of its valid neighbours.
__device__ inline std::int64_t filled(const TokenGrid& grid, const SlotRoom& room, int i) {
  const int rows = static_cast<int>(grid.rows), columns = static_cast<int>(grid.columns);
  const int r = i / columns, c = i % columns;
  std::int64_t sum = 0, count = 0;
  for (int y = max(r - 1, 0); y < min(r + 2, rows); ++y) {
    for (int x = max(c - 1, 0); x < min(c + 2, columns); ++x) {
      if (room.valid[y * columns + x] == 0) continue;
      sum += room.motion[y * columns + x];
      ++count;
    }
  }
  return count > 0 ? sum / count : 0;
}

__device__ inline bool is_ignored(const ScoreRequest& request, const ClipView& clip, int i) {
  const TokenGrid& grid = request.grid;
  const std::int64_t r = i / grid.columns, c = i % grid.columns;
  const std::int64_t column = clip.view.hflip != 0 ? grid.columns - 1 - c : c;
  const double y = token_middle(clip.view.y, clip.view.h, r, grid.rows);
  const double x = token_middle(clip.view.x, clip.view.w, column, grid.columns);
  const double* box = request.ignore + clip.clip * request.ignored * 4;
  for (std::int64_t k = 0; k < request.ignored; ++k, box += 4) {
    if (x >= box[0] && y >= box[1] && x < box[2] && y < box[3]) return true;
  }
  return false;
}

// values, motion and valid of a slot. Ends with a barrier. load_edges and a barrier come before.
template <Cells cells>
__device__ inline void score_slot(const FieldBatch& field, const ClipView& clip,
                                  const ScoreRequest& request, std::int64_t slot, SlotRoom& room) {
  const int tokens = static_cast<int>(request.grid.slot_tokens());
  const int first = static_cast<int>(threadIdx.x), step = static_cast<int>(blockDim.x);
  sum_slot<cells>(field, clip, request, slot, room);
  // A thread sees its own tokens until the barrier.
  bool holes = false;
  for (int i = first; i < tokens; i += step) {
    const std::int64_t area = room.motion[i];
    room.valid[i] = area > 0;
    room.motion[i] = area > 0 ? mean_speed(room.values[i], area) : 0;
    if (area <= 0) holes = true;
  }
  if (__syncthreads_or(holes)) {
    for (int i = first; i < tokens; i += step) {
      if (room.valid[i] == 0) room.motion[i] = filled(request.grid, room, i);
    }
  }
  const std::int32_t* weight =
      request.weight + (clip.clip * request.grid.slots + slot) * request.grid.slot_tokens();
  if (request.by_coded) share_of_coded(field, clip, request, slot, room);
  for (int i = first; i < tokens; i += step) {
    std::int64_t value = room.motion[i];
    if (request.by_coded) value = (value * room.values[i]) >> 16;
    if (request.weight != nullptr) value = (value * clamp_to(weight[i], 0, 65536)) >> 16;
    if (request.ignored > 0 && is_ignored(request, clip, i)) value = room.motion[i] = 0;
    room.values[i] = value;
  }
  __syncthreads();
}

// Threads and blocks of the kernels that score slots.
inline int slot_threads(const FieldBatch& field, const TokenGrid& grid, Cells cells) {
  if (cells == Cells::kManyBlocks) return most_threads(cells);
  if (cells == Cells::kAnyCamera) {
    // A warp fits the camera of one row.
    const std::int64_t rows = (field.rows + grid.slots - 1) / grid.slots;
    return static_cast<int>(32 * clamp_to(rows, 2, most_threads(cells) / 32));
  }
  const std::int64_t quads = field.high * field.wide / 4;
  return static_cast<int>(clamp_to((quads + 31) / 32 * 32, 128, most_threads(cells)));
}

// Throws std::invalid_argument unless the sampled frames fill the slots.
void check_slots(const FieldBatch& field, const ScoreRequest& request);

}  // namespace mgm::cuda
