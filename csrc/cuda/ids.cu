#include "block.cuh"
#include "launch.hpp"

namespace mgm::cuda {

namespace {

constexpr int kThreads = 256;

// One block lists the visible tokens of one clip, a tile of tokens at a time.
__global__ void ids_kernel(const std::uint8_t* mask, std::int64_t n, std::int64_t visible,
                           std::int64_t* keep, std::int64_t* restore) {
  __shared__ std::int64_t reduced[kMostWarps];
  __shared__ int in_warp[kMostWarps];
  const std::uint8_t* own = mask + blockIdx.x * n;
  std::int64_t* kept = keep + blockIdx.x * visible;
  std::int64_t all = 0;
  for (std::int64_t i = threadIdx.x; i < n; i += kThreads) all += own[i] == 0;
  all = block_sum(all, reduced);
  for (std::int64_t i = all + threadIdx.x; i < visible; i += kThreads) kept[i] = -1;
  std::int64_t shown = 0;
  for (std::int64_t base = 0; base < n; base += kThreads) {
    const std::int64_t i = base + threadIdx.x;
    const bool show = i < n && own[i] == 0;
    const unsigned lanes = __ballot_sync(kAllLanes, show);
    __syncthreads();
    if (lane() == 0) in_warp[warp()] = __popc(lanes);
    __syncthreads();
    std::int64_t before = shown + __popc(lanes & ((1u << lane()) - 1));
    for (int w = 0; w < warps(); ++w) {
      if (w < warp()) before += in_warp[w];
      shown += in_warp[w];
    }
    if (i >= n) continue;
    if (show && before < visible) kept[before] = i;
    restore[blockIdx.x * n + i] = show ? before : all + i - before;
  }
}

}  // namespace

void ids_batch(const std::uint8_t* mask, std::int64_t clips, std::int64_t n, std::int64_t visible,
               std::int64_t* keep, std::int64_t* restore, cudaStream_t stream) {
  if (clips == 0) return;
  ids_kernel<<<block_count(clips), kThreads, 0, stream>>>(mask, n, visible, keep, restore);
  check(cudaGetLastError(), "ids_kernel");
}

}  // namespace mgm::cuda
