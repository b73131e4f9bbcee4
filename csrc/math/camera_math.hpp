// The motion of a camera in one row of a field, in C++17: the core and the CUDA kernels share every
// line. Sums are integers; what is solved and predicted is float64, in this order.
#pragma once

#include <cmath>
#include <cstdint>

#include "math/mask_math.hpp"

namespace mgm {

// What is subtracted from each row before the speed is taken.
enum class Camera { kNone, kMedian, kAffine };

inline constexpr int kFitRounds = 3;
inline constexpr std::int64_t kFewestFitted = 6;
// Above these the sums of products of a fit might not fit 64 bits; such fields take the median.
inline constexpr std::int64_t kMostFitted = std::int64_t{1} << 17;
inline constexpr std::int64_t kWidestFitted = 4096;

// value = constant + y * Y + x * X at the cell (X, Y), twice the offset from the picture's middle.
struct Plane {
  double constant = 0, x = 0, y = 0;
};

// Over the cells that are kept.
struct FitSums {
  std::int64_t n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
  std::int64_t dx = 0, x_dx = 0, y_dx = 0, dy = 0, x_dy = 0, y_dy = 0;
};

MGM_HD inline bool can_fit(std::int64_t high, std::int64_t wide) {
  return wide <= kWidestFitted && high <= kWidestFitted && high * wide <= kMostFitted;
}

// Least squares; false where the cells do not tell.
MGM_HD inline bool fit_planes(const FitSums& s, Plane& across, Plane& down) {
  if (s.n < kFewestFitted) return false;
  // Covariances times n^2 are exact integers; only the solution is float64.
  const auto xx = static_cast<double>(s.n * s.xx - s.x * s.x);
  const auto xy = static_cast<double>(s.n * s.xy - s.x * s.y);
  const auto yy = static_cast<double>(s.n * s.yy - s.y * s.y);
  const double determinant = xx * yy - xy * xy;
  if (determinant == 0.0) return false;
  const auto solve = [&](std::int64_t d, std::int64_t x_d, std::int64_t y_d) {
    const auto x = static_cast<double>(s.n * x_d - s.x * d);
    const auto y = static_cast<double>(s.n * y_d - s.y * d);
    Plane plane;
    plane.x = (x * yy - y * xy) / determinant;
    plane.y = (y * xx - x * xy) / determinant;
    plane.constant = ((static_cast<double>(d) - plane.x * static_cast<double>(s.x)) -
                      plane.y * static_cast<double>(s.y)) /
                     static_cast<double>(s.n);
    return plane;
  };
  across = solve(s.dx, s.x_dx, s.y_dx);
  down = solve(s.dy, s.x_dy, s.y_dy);
  return true;
}

MGM_HD inline std::int16_t left_over(int value) {
  return static_cast<std::int16_t>(value < -32767 ? -32767 : (value > 32767 ? 32767 : value));
}

// To the nearest integer; adding 1.5 * 2^52 rounds as rint does.
MGM_HD inline int predicted(double value) {
  constexpr double kFurthest = 65535.0;  // no vector is further from a prediction
  constexpr double kRound = 6755399441055744.0;
  value = value < -kFurthest ? -kFurthest : (value > kFurthest ? kFurthest : value);
  return static_cast<int>((value + kRound) - kRound);
}

// Residuals under this are kept: the smallest integer that is not under 1.5 times the mean of
// `count` residuals, at least one pixel.
MGM_HD inline std::int32_t residual_limit(std::int64_t sum, std::int64_t count) {
  const std::int64_t mean = (3 * sum + 2 * count - 1) / (2 * count);
  return static_cast<std::int32_t>(mean > kPixel ? mean : kPixel);
}

}  // namespace mgm
