#include "block.cuh"
#include "launch.hpp"
#include "math/batch.hpp"

namespace mgm::cuda {

namespace {

constexpr int kThreads = 128;
constexpr int kTile = 32;  // pixels of a token on each axis that are held at once

// Pixels [low, high) of a frame that belong to token j along an axis; never none.
struct PixelSpan {
  std::int64_t low, high;

  __device__ PixelSpan(double start, double length, std::int64_t j, std::int64_t tokens,
                       std::int64_t pixels, std::int64_t picture) {
    const std::int64_t first = pixel_edge(start, length, j, tokens, pixels, picture);
    const std::int64_t last = pixel_edge(start, length, j + 1, tokens, pixels, picture);
    low = first < pixels - 1 ? first : pixels - 1;
    high = last > low + 1 ? last : low + 1;
  }
};

struct Sums {
  std::int64_t xx = 0, xy = 0, yy = 0;
};

// Adds a tile's products of gradients, 8 times too large. luma: [tall + 2, wide + 2] with a border.
__device__ void add_tile(const std::int16_t (*luma)[kTile + 2], int tall, int wide, Sums& sums) {
  for (int i = static_cast<int>(threadIdx.x); i < tall * wide; i += kThreads) {
    const int y = i / wide, x = i % wide;
    const std::int16_t *above = luma[y] + x, *here = luma[y + 1] + x, *under = luma[y + 2] + x;
    const int dx = (above[2] + 2 * here[2] + under[2]) - (above[0] + 2 * here[0] + under[0]);
    const int dy = (under[0] + 2 * under[1] + under[2]) - (above[0] + 2 * above[1] + above[2]);
    sums.xx += dx * dx;
    sums.xy += dx * dy;
    sums.yy += dy * dy;
  }
}

// One block makes the weight of one token, tile by tile and frame by frame.
__global__ void texture_kernel(FrameBatch frames, Grid grid, std::int32_t* weight) {
  __shared__ std::int16_t luma[kTile + 2][kTile + 2];
  __shared__ std::int64_t reduced[3 * kMostWarps];
  const std::int64_t token = blockIdx.x % grid.slot_tokens();
  const std::int64_t slot = blockIdx.x / grid.slot_tokens() % grid.slots;
  const std::int64_t clip = blockIdx.x / grid.tokens();
  const View view = frames.views[clip];
  const std::int64_t c = token % grid.columns;
  const PixelSpan down(view.y, view.h, token / grid.columns, grid.rows, frames.height,
                       frames.sizes[2 * clip + 1]);
  const PixelSpan across(view.x, view.w, view.hflip != 0 ? grid.columns - 1 - c : c, grid.columns,
                         frames.width, frames.sizes[2 * clip]);
  const std::int64_t tubelet = frames.frames / grid.slots;
  Sums sums;
  for (std::int64_t t = slot * tubelet; t < (slot + 1) * tubelet; ++t) {
    const std::uint8_t* frame =
        frames.pixels + (clip * frames.frames + t) * frames.height * frames.width * 3;
    for (std::int64_t top = down.low; top < down.high; top += kTile) {
      const int tall = static_cast<int>(top + kTile < down.high ? kTile : down.high - top);
      for (std::int64_t left = across.low; left < across.high; left += kTile) {
        const int wide = static_cast<int>(left + kTile < across.high ? kTile : across.high - left);
        __syncthreads();
        for (int i = static_cast<int>(threadIdx.x); i < (tall + 2) * (wide + 2); i += kThreads) {
          const int y = i / (wide + 2), x = i % (wide + 2);
          const std::int64_t row = clamp_to(top + y - 1, 0, frames.height - 1);
          const std::int64_t column = clamp_to(left + x - 1, 0, frames.width - 1);
          luma[y][x] =
              static_cast<std::int16_t>(luma_of(frame + (row * frames.width + column) * 3));
        }
        __syncthreads();
        add_tile(luma, tall, wide, sums);
      }
    }
  }
  sums.xx = block_sum(sums.xx, reduced);
  sums.xy = block_sum(sums.xy, reduced + kMostWarps);
  sums.yy = block_sum(sums.yy, reduced + 2 * kMostWarps);
  if (threadIdx.x != 0) return;
  const std::int64_t n = tubelet * (down.high - down.low) * (across.high - across.low);
  weight[blockIdx.x] = texture_weight(sums.xx, sums.xy, sums.yy, n);
}

}  // namespace

void texture_batch(const FrameBatch& frames, const Grid& grid, std::int32_t* weight,
                   cudaStream_t stream) {
  if (grid.slots < 1 || grid.rows < 1 || grid.columns < 1 || frames.frames < 1 ||
      frames.frames % grid.slots != 0) {
    throw std::invalid_argument("grid must have a number of slots that divides the " +
                                std::to_string(frames.frames) + " frames, not " +
                                std::to_string(grid.slots));
  }
  if (frames.clips == 0) return;
  texture_kernel<<<block_count(frames.clips * grid.tokens()), kThreads, 0, stream>>>(frames, grid,
                                                                                     weight);
  check(cudaGetLastError(), "texture_kernel");
}

}  // namespace mgm::cuda
