// The weight of a slot's tokens by how much of them is coded, made by one block.
#pragma once

#include "slot_shared.cuh"

namespace mgm::cuda {

// values = the share of each token's area that is coded, in 2^-16. The motion is left alone.
__device__ inline void share_of_coded(const FieldBatch& field, const ClipView& clip,
                                      const ScoreRequest& request, int slot, SlotShared& shared) {
  const Grid& grid = request.grid;
  const SlotRows rows = clip.rows(slot);
  const std::int64_t stride = field.high * field.wide;
  const std::uint8_t* coded = field.coded + clip.clip * field.rows * stride;
  const int tokens = static_cast<int>(grid.slot_tokens()), columns = static_cast<int>(grid.columns);
  for (int i = static_cast<int>(threadIdx.x); i < tokens; i += static_cast<int>(blockDim.x)) {
    shared.values[i] = 0;
  }
  for_each_chunk(field, grid, shared, [&](int low, int high) {
    __syncthreads();
    const std::int64_t most = high < stride ? high : stride;
    for (std::int64_t i = low + threadIdx.x; i < most; i += blockDim.x) {
      std::uint32_t count = 0;
      for (int m = rows.begin; m < rows.end; ++m) count += coded[m * stride + i] != 0;
      shared.sums[i - low] = count;
    }
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < tokens; i += static_cast<int>(blockDim.x)) {
      const int* y = shared.down + 2 * (i / columns);
      const int* x = shared.across + 2 * (i % columns);
      std::int64_t sum = 0;
      for (std::int64_t r = y[0] >> 8; 256 * r < y[1]; ++r) {
        for (std::int64_t c = x[0] >> 8; 256 * c < x[1]; ++c) {
          const std::int64_t at = r * field.wide + c - low;
          if (at < 0 || at >= high - low) continue;
          sum += cell_overlap(y[0], y[1], r) * cell_overlap(x[0], x[1], c) * shared.sums[at];
        }
      }
      shared.values[i] += sum;
    }
  });
  for (int i = static_cast<int>(threadIdx.x); i < tokens; i += static_cast<int>(blockDim.x)) {
    const int* y = shared.down + 2 * (i / columns);
    const int* x = shared.across + 2 * (i % columns);
    const std::int64_t tall = y[1] > y[0] ? y[1] - y[0] : 0, broad = x[1] > x[0] ? x[1] - x[0] : 0;
    const std::int64_t whole = tall * broad * (rows.end - rows.begin);
    shared.values[i] = whole > 0 ? shared.values[i] * 65536 / whole : 0;
  }
}

}  // namespace mgm::cuda
