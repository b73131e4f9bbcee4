// Two formulae of mask_math.hpp without the branches and divisions that cost a GPU most; the bits
// are the same.
#pragma once

#include <cstdint>

#include "math/mask_math.hpp"

namespace mgm::cuda {

// speed() of two components whose squares add up to this, at most 2^31. The square root is the
// compiler's own sequence for normal numbers (correctly rounded), but without its branch, which
// keeps roots from overlapping: 2^-60 stands in for 0 and is lost in every other sum.
__device__ inline std::uint32_t speed_of_square(std::uint32_t square) {
  const float x = __uint2float_rn(square) + 0x1p-60f;
  float inverse;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(inverse) : "f"(x));
  const float near = x * inverse;
  const float root = __fmaf_rn(__fmaf_rn(-near, near, x), 0.5f * inverse, near);
  // The bits of 2^23 + n are those of 2^23, plus n.
  return __float_as_uint(root + 8388608.0f) - __float_as_uint(8388608.0f);
}

// speed() of any two int16.
__device__ inline std::uint32_t quick_speed(int dx, int dy) {
  return speed_of_square(static_cast<std::uint32_t>(dx * dx) + static_cast<std::uint32_t>(dy * dy));
}

// mean_speed() by one reciprocal of 40 bits: the quotient has 32, so it is off by at most one,
// which the remainder shows.
__device__ inline std::int64_t quick_mean(std::int64_t sum, std::int64_t area) {
  if (sum >> 47 != 0) return mean_speed(sum, area);
  const std::int64_t shifted = sum << kScoreBits;
  const auto divisor = static_cast<double>(area);
  double inverse;
  asm("rcp.approx.ftz.f64 %0, %1;" : "=d"(inverse) : "d"(divisor));
  inverse = __fma_rn(__fma_rn(-divisor, inverse, 1.0), inverse, inverse);
  const double near = static_cast<double>(shifted) * inverse;
  const std::int64_t quotient = __double2uint_rz(near);
  const std::int64_t rest = shifted - quotient * area;
  return quotient - (rest < 0) + (rest >= area);
}

}  // namespace mgm::cuda
