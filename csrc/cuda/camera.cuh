// The camera's motion in one row of a field, found by one warp.
#pragma once

#include "arithmetic.cuh"
#include "block.cuh"
#include "math/camera_math.hpp"

namespace mgm::cuda {

// One row of one clip: cells are (dx, dy) in one word.
struct RowCells {
  const std::int32_t* cells;
  int high, wide, stride;
};

inline constexpr int kNoVector = -32768;  // a dx

struct Vector {
  int dx, dy;
  bool valid;
};

__device__ inline Vector unpacked(std::int32_t cell) {
  const int dx = static_cast<std::int16_t>(cell & 0xFFFF), dy = cell >> 16;
  const bool valid = dx != kNoVector;
  return {valid ? dx : 0, valid ? dy : 0, valid};
}

// visit(r, c, vector) by each lane for its share of the valid cells.
template <class Visit>
__device__ inline void for_each_valid(const RowCells& row, const Visit& visit) {
  int r = 0, c = lane();
  while (c >= row.wide) {
    c -= row.wide;
    ++r;
  }
  while (r < row.high) {
    const Vector vector = unpacked(row.cells[r * row.stride + c]);
    if (vector.valid) visit(r, c, vector);
    c += 32;
    while (c >= row.wide) {
      c -= row.wide;
      ++r;
    }
  }
}

// What is subtracted from a row.
struct RowCamera {
  Plane across, down;
  int dx = 0, dy = 0;
  bool affine = false;

  __device__ Vector left(const RowCells& row, int r, int c, const Vector& vector) const {
    if (!affine) return {left_over(vector.dx - dx), left_over(vector.dy - dy), true};
    const auto x = static_cast<double>(2 * c + 1 - row.wide);
    const auto y = static_cast<double>(2 * r + 1 - row.high);
    const double base_dx = across.constant + across.y * y, base_dy = down.constant + down.y * y;
    return {left_over(vector.dx - predicted(base_dx + across.x * x)),
            left_over(vector.dy - predicted(base_dy + down.x * x)), true};
  }
  __device__ int residual(const RowCells& row, int r, int c, const Vector& vector) const {
    const Vector rest = left(row, r, c, vector);
    return static_cast<int>(quick_speed(rest.dx, rest.dy));
  }
};

// The bin that holds item `before` (from 0), and how many items of that bin come before it.
__device__ inline int find_bin(const unsigned* bins, std::int64_t& before) {
  std::int64_t own = 0;
  for (int i = 0; i < 8; ++i) own += bins[8 * lane() + i];
  std::int64_t upto = own;
  for (int step = 1; step < 32; step *= 2) {
    const std::int64_t other = __shfl_up_sync(kAllLanes, upto, step);
    if (lane() >= step) upto += other;
  }
  const unsigned over = __ballot_sync(kAllLanes, upto > before);
  const int owner = __ffs(static_cast<int>(over)) - 1;
  std::int64_t rest = before - (upto - own);
  int bin = 8 * lane();
  if (lane() == owner) {
    while (rest >= bins[bin]) rest -= bins[bin++];
  }
  before = __shfl_sync(kAllLanes, rest, owner);
  return __shfl_sync(kAllLanes, bin, owner);
}

// count: of valid cells, more than 0. bins: 256 of the warp's own.
template <class Value>
__device__ inline int lower_median(const RowCells& row, std::int64_t count, unsigned* bins,
                                   const Value& value) {
  std::int64_t before = (count - 1) / 2;
  int found[2] = {0, 0};
  for (int pass = 0; pass < 2; ++pass) {
    for (int i = lane(); i < 256; i += 32) bins[i] = 0;
    __syncwarp();
    for_each_valid(row, [&](int, int, const Vector& vector) {
      const int v = value(vector), high = (v >> 8) + 128;
      if (pass == 0) atomicAdd(&bins[high], 1u);
      if (pass == 1 && high == found[0]) atomicAdd(&bins[v & 255], 1u);
    });
    __syncwarp();
    found[pass] = find_bin(bins, before);
    __syncwarp();
  }
  return (found[0] - 128) * 256 + found[1];
}

__device__ inline RowCamera median_camera(const RowCells& row, unsigned* bins) {
  RowCamera camera;
  std::int64_t count = 0;
  for_each_valid(row, [&](int, int, const Vector&) { ++count; });
  count = warp_sum(count);
  if (count == 0) return camera;
  camera.dx = lower_median(row, count, bins, [](const Vector& v) { return v.dx; });
  camera.dy = lower_median(row, count, bins, [](const Vector& v) { return v.dy; });
  return camera;
}

// The cells that a fit keeps: all, or those whose residual to the last fit is small.
struct Kept {
  RowCamera camera;
  int limit = 0;
  bool all = true;

  __device__ bool operator()(const RowCells& row, int r, int c, const Vector& vector) const {
    return all || camera.residual(row, r, c, vector) < limit;
  }
};

__device__ inline FitSums sums_of(const RowCells& row, const Kept& kept) {
  FitSums s;
  for_each_valid(row, [&](int r, int c, const Vector& vector) {
    if (!kept(row, r, c, vector)) return;
    const int x = 2 * c + 1 - row.wide, y = 2 * r + 1 - row.high;
    const std::int64_t wide_x = x, wide_y = y;
    s.n += 1, s.x += x, s.y += y;
    s.xx += wide_x * x, s.xy += wide_x * y, s.yy += wide_y * y;
    s.dx += vector.dx, s.x_dx += wide_x * vector.dx, s.y_dx += wide_y * vector.dx;
    s.dy += vector.dy, s.x_dy += wide_x * vector.dy, s.y_dy += wide_y * vector.dy;
  });
  s.n = warp_sum(s.n), s.x = warp_sum(s.x), s.y = warp_sum(s.y);
  s.xx = warp_sum(s.xx), s.xy = warp_sum(s.xy), s.yy = warp_sum(s.yy);
  s.dx = warp_sum(s.dx), s.x_dx = warp_sum(s.x_dx), s.y_dx = warp_sum(s.y_dx);
  s.dy = warp_sum(s.dy), s.x_dy = warp_sum(s.x_dy), s.y_dy = warp_sum(s.y_dy);
  return s;
}

// bins: 256 of the warp's own, for where the median stands in.
__device__ inline RowCamera affine_camera(const RowCells& row, unsigned* bins) {
  if (!can_fit(row.high, row.wide)) return median_camera(row, bins);
  Kept kept;
  RowCamera camera;
  camera.affine = true;
  for (int round = 0;; ++round) {
    if (!fit_planes(sums_of(row, kept), camera.across, camera.down)) {
      return median_camera(row, bins);
    }
    if (round + 1 == kFitRounds) return camera;
    std::int64_t sum = 0, count = 0;
    for_each_valid(row, [&](int r, int c, const Vector& vector) {
      if (!kept(row, r, c, vector)) return;
      sum += camera.residual(row, r, c, vector);
      ++count;
    });
    sum = warp_sum(sum), count = warp_sum(count);
    kept = {camera, residual_limit(sum, count), false};
  }
}

}  // namespace mgm::cuda
