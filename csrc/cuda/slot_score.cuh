// The score of one slot of one clip, made by one block in shared memory.
#pragma once

#include "arithmetic.cuh"
#include "cell_sums.cuh"
#include "coded_share.cuh"
#include "slot_shared.cuh"
#include "token_sums.cuh"

namespace mgm::cuda {

// values and motion = speed and area of each token over the slot's rows.
template <Cells cells>
__device__ inline void sum_slot(const FieldBatch& field, const ClipView& clip,
                                const ScoreRequest& request, const SlotRows& rows,
                                SlotShared& shared) {
  bool set = true;
  for_each_chunk(field, request.grid, shared, [&](int low, int high) {
    int m = rows.begin;
    do {
      const SlotRows some{m, min(m + kRowsAtOnce, rows.end)};
      if (!set) __syncthreads();
      if constexpr (cells == Cells::kManyBlocks) {
        sum_quads<3>(clip, some, low, high, shared);
      } else if constexpr (cells == Cells::kFewBlocks) {
        sum_quads<1>(clip, some, low, high, shared);
      } else {
        sum_rows(clip, request.camera, some, low, high, shared);
      }
      __syncthreads();
      add_to_tokens(field, request.grid, low, high, set, shared);
      set = false;
      m += kRowsAtOnce;
    } while (m < rows.end);
  });
}

// A token without a valid cell takes the mean of its valid neighbours.
__device__ inline std::int64_t filled(const Grid& grid, const SlotShared& shared, int i) {
  const int rows = static_cast<int>(grid.rows), columns = static_cast<int>(grid.columns);
  const int r = i / columns, c = i % columns;
  std::int64_t sum = 0, count = 0;
  for (int y = max(r - 1, 0); y < min(r + 2, rows); ++y) {
    for (int x = max(c - 1, 0); x < min(c + 2, columns); ++x) {
      if (shared.valid[y * columns + x] == 0) continue;
      sum += shared.motion[y * columns + x];
      ++count;
    }
  }
  return count > 0 ? sum / count : 0;
}

// Whether values differ from motion.
__device__ inline bool is_weighted(const ScoreRequest& request) {
  return request.weight != nullptr || request.by_coded || request.ignored > 0;
}

__device__ inline bool is_ignored(const ScoreRequest& request, const ClipView& clip, int i) {
  const Grid& grid = request.grid;
  const std::int64_t r = i / grid.columns, c = i % grid.columns;
  const View& view = clip.view();
  const std::int64_t column = view.hflip != 0 ? grid.columns - 1 - c : c;
  const double y = token_middle(view.y, view.h, r, grid.rows);
  const double x = token_middle(view.x, view.w, column, grid.columns);
  const double* box = request.ignore + clip.clip * request.ignored * 4;
  for (std::int64_t k = 0; k < request.ignored; ++k, box += 4) {
    if (x >= box[0] && y >= box[1] && x < box[2] && y < box[3]) return true;
  }
  return false;
}

// What multiplies a slot's motion, after its means. Ends with a barrier.
__device__ inline void weigh_slot(const FieldBatch& field, const ClipView& clip,
                                  const ScoreRequest& request, int slot, SlotShared& shared) {
  const int tokens = static_cast<int>(request.grid.slot_tokens());
  const std::int32_t* weight = request.weight + (clip.clip * request.grid.slots + slot) * tokens;
  if (request.by_coded) share_of_coded(field, clip, request, slot, shared);
  for (int i = static_cast<int>(threadIdx.x); i < tokens; i += static_cast<int>(blockDim.x)) {
    std::int64_t value = shared.motion[i];
    if (request.by_coded) value = (value * shared.values[i]) >> 16;
    if (request.weight != nullptr) value = (value * clamp_to(weight[i], 0, 65536)) >> 16;
    if (request.ignored > 0 && is_ignored(request, clip, i)) value = shared.motion[i] = 0;
    shared.values[i] = value;
  }
  __syncthreads();
}

// values, motion and valid of a slot, of its rows; true where one of the thread's own tokens is
// valid. Ends with a barrier. load_edges and a barrier come before.
template <Cells cells>
__device__ inline bool score_slot(const FieldBatch& field, const ClipView& clip,
                                  const ScoreRequest& request, int slot, const SlotRows& rows,
                                  SlotShared& shared) {
  const int tokens = static_cast<int>(request.grid.slot_tokens());
  const int first = static_cast<int>(threadIdx.x), step = static_cast<int>(blockDim.x);
  sum_slot<cells>(field, clip, request, rows, shared);
  // A thread sees its own tokens until the barrier.
  bool holes = false, valid = false;
  for (int i = first; i < tokens; i += step) {
    const std::int64_t area = shared.motion[i];
    const std::int64_t mean = area > 0 ? quick_mean(shared.values[i], area) : 0;
    shared.valid[i] = area > 0;
    shared.values[i] = shared.motion[i] = mean;
    holes = holes || area <= 0;
    valid = valid || area > 0;
  }
  if (__syncthreads_or(holes)) {
    for (int i = first; i < tokens; i += step) {
      if (shared.valid[i] == 0)
        shared.values[i] = shared.motion[i] = filled(request.grid, shared, i);
    }
    __syncthreads();
  }
  if (is_weighted(request)) weigh_slot(field, clip, request, slot, shared);
  return valid;
}

// Threads and blocks of the kernels that score slots.
inline int slot_threads(const FieldBatch& field, const Grid& grid, Cells cells) {
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
