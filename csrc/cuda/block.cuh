// What the threads of a block or a warp do together, and how kernels are launched.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace mgm::cuda {

using Big = unsigned long long;  // what 64-bit atomics take

inline constexpr unsigned kAllLanes = 0xFFFFFFFFu;
inline constexpr int kMostWarps = 32;

__device__ inline int lane() { return static_cast<int>(threadIdx.x) & 31; }
__device__ inline int warp() { return static_cast<int>(threadIdx.x) >> 5; }
__device__ inline int warps() { return static_cast<int>(blockDim.x) >> 5; }

// visit(i, r, c) for items i = first, first + step, ... of rows x columns; one division for all.
template <class Visit>
__device__ inline void for_each_place(int rows, int columns, int first, int step,
                                      const Visit& visit) {
  int r = first / columns, c = first % columns;
  const int down = step / columns, across = step % columns;
  for (int i = first; i < rows * columns; i += step, r += down, c += across) {
    if (c >= columns) {
      c -= columns;
      ++r;
    }
    visit(i, r, c);
  }
}

template <class T>
__device__ inline T warp_sum(T value) {
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(kAllLanes, value, step);
  return value;
}

template <class T>
__device__ inline T warp_max(T value) {
  for (int step = 16; step > 0; step /= 2) {
    const T other = __shfl_xor_sync(kAllLanes, value, step);
    value = other > value ? other : value;
  }
  return value;
}

template <class T>
__device__ inline T warp_min(T value) {
  for (int step = 16; step > 0; step /= 2) {
    const T other = __shfl_xor_sync(kAllLanes, value, step);
    value = other < value ? other : value;
  }
  return value;
}

// The largest value of all threads, known to all. shared: kMostWarps values; it may be used again
// after the next barrier.
template <class T>
__device__ inline T block_max(T value, T* shared) {
  value = warp_max(value);
  if (lane() == 0) shared[warp()] = value;
  __syncthreads();
  T best = shared[0];
  for (int i = 1; i < warps(); ++i) best = shared[i] > best ? shared[i] : best;
  return best;
}

template <class T>
__device__ inline T block_sum(T value, T* shared) {
  value = warp_sum(value);
  if (lane() == 0) shared[warp()] = value;
  __syncthreads();
  T sum = shared[0];
  for (int i = 1; i < warps(); ++i) sum += shared[i];
  return sum;
}

// Shared memory, handed out piece by piece; on the host it only counts.
class Carver {
 public:
  __host__ __device__ explicit Carver(unsigned char* base = nullptr) : base_(base) {}

  template <class T>
  __host__ __device__ T* take(std::int64_t count) {
    used_ = (used_ + 15) / 16 * 16;
    T* piece = reinterpret_cast<T*>(base_ + used_);
    used_ += count * static_cast<std::int64_t>(sizeof(T));
    return piece;
  }
  [[nodiscard]] __host__ __device__ std::int64_t used() const { return used_; }

 private:
  unsigned char* base_;
  std::int64_t used_ = 0;
};

inline void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
}

// Lets a kernel have so much shared memory. Throws std::invalid_argument where the GPU has less.
template <class Kernel>
void reserve_shared(Kernel kernel, std::int64_t bytes) {
  constexpr std::int64_t kAlways = 48 * 1024;
  if (bytes <= kAlways) return;
  int device = 0, most = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device),
        "cudaDeviceGetAttribute");
  if (bytes > most) {
    throw std::invalid_argument("grid is too large for this GPU: it needs " +
                                std::to_string(bytes) + " bytes of shared memory per block, of " +
                                std::to_string(most));
  }
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(bytes)),
        "cudaFuncSetAttribute");
}

// Blocks of a grid, one for each item; at most 2^31 - 1.
inline unsigned block_count(std::int64_t items) {
  if (items > 0x7FFFFFFF) {
    throw std::invalid_argument("the batch is too large: it needs " + std::to_string(items) +
                                " blocks");
  }
  return static_cast<unsigned>(items);
}

}  // namespace mgm::cuda
