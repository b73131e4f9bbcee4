// The numbers that callers choose, checked and turned into integers: the same for the core and the
// CUDA kernels, once per call and on the host. C++17. All throw std::invalid_argument.
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "math/box_math.hpp"

namespace mgm {

// 1/1024 <= low <= high <= 1024.
inline AspectRange aspect_range(double low, double high) {
  constexpr double kWidest = 1024.0;
  if (!(low >= 1.0 / kWidest && low <= high && high <= kWidest)) {
    throw std::invalid_argument(
        "aspect must be a number or (low, high) with 1/1024 <= low <= high <= 1024, not (" +
        std::to_string(low) + ", " + std::to_string(high) + ")");
  }
  if (low == high) return {low, high, 0, 0};
  const auto logarithm = [](double value) {
    return log2_fixed(static_cast<std::uint64_t>(std::rint(value * 65536.0)));
  };
  return {low, high, logarithm(low), logarithm(high)};
}

// step: tokens per slot and axis, in [0, 1024]. As places.
inline std::uint32_t walk_step(double step) {
  if (!(step >= 0.0 && step <= 1024.0)) {
    throw std::invalid_argument("step must be in [0, 1024] tokens, not " + std::to_string(step));
  }
  return static_cast<std::uint32_t>(std::rint(step * static_cast<double>(kToken)));
}

// The largest 3x3 sum of a slot that stands still is under this. still: source pixels per frame, in
// [0, 1024].
inline std::int64_t still_threshold(double still) {
  if (!(still >= 0.0 && still <= 1024.0)) {
    throw std::invalid_argument("still must be in [0, 1024] source pixels per frame, not " +
                                std::to_string(still));
  }
  return 9 * static_cast<std::int64_t>(std::rint(still * 64.0 * 65536.0));
}

// 1 / temperature in 2^-16; temperature in [0.0001, 10000].
inline std::int64_t inverse_temperature(double temperature) {
  if (!(temperature >= 1e-4 && temperature <= 1e4)) {
    throw std::invalid_argument("temperature must be 0 or in [0.0001, 10000], not " +
                                std::to_string(temperature));
  }
  return static_cast<std::int64_t>(std::rint(65536.0 / temperature));
}

// Of `visible` tokens those from the moving half; share in [0, 1].
inline std::int64_t visible_from_moving(double share, std::int64_t visible, std::int64_t moving,
                                        std::int64_t still) {
  if (!(share >= 0 && share <= 1)) {
    throw std::invalid_argument("visible_from_motion must be in [0, 1], not " +
                                std::to_string(share));
  }
  const auto wanted = static_cast<std::int64_t>(std::rint(share * static_cast<double>(visible)));
  return clamp_to(wanted, visible > still ? visible - still : 0,
                  moving < visible ? moving : visible);
}

// sigma: of a bump, in [1, 1024] pixels.
inline void check_sigma(double sigma) {
  if (!(sigma >= 1.0 && sigma <= 1024.0)) {
    throw std::invalid_argument("sigma must be in [1, 1024] pixels, not " + std::to_string(sigma));
  }
}

}  // namespace mgm
