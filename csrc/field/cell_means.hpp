// From the sums of cells to their mean velocities, in 1/64 pixel per frame.
#pragma once

#include <cstdint>
#include <type_traits>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "field/block_sums.hpp"

namespace mgm {

// Of cells of 2^shift pixels, those that are valid on their whole area: their means are shifts.
struct WholeCells {
  int shift;           // divides by the area in half pixels, and 1/128 into 1/64
  std::uint64_t area;  // in half pixels

  explicit WholeCells(int cell_shift)
      : shift(2 * cell_shift + 2), area(std::uint64_t{2} << 2 * cell_shift) {}

  // In the low 16 bits, ties to even. Areas are above the bits that are kept.
  [[nodiscard]] Words mean(Words words) const {
    const std::uint64_t less_than_half = (std::uint64_t{1} << (shift - 1)) - 1;
    return (words + less_than_half + (words >> shift & 1)) >> shift;
  }

  // Writes four neighbours, unless one of them is not whole. They count as coded where half of
  // their area is. The sums are set to zero.
  bool write_four(CellSums* sums, std::int16_t* vectors, std::uint8_t* coded) const;
};

// A word's motion over the area. A quotient of integers this small never rounds onto a tie.
[[nodiscard]] inline std::int16_t mean_of(std::uint64_t word, std::uint64_t area) {
  const std::int64_t motion = CellSums::motion(word);
  return rounded_velocity(static_cast<double>(motion) / static_cast<double>(2 * area));
}

#ifdef __SSE2__
inline bool WholeCells::write_four(CellSums* sums, std::int16_t* vectors,
                                   std::uint8_t* coded) const {
  // The motion of a whole cell fits in the low half of its word.
  const auto halves = [](__m128i one, __m128i other, auto which) {
    return _mm_castps_si128(
        _mm_shuffle_ps(_mm_castsi128_ps(one), _mm_castsi128_ps(other), which.value));
  };
  constexpr std::integral_constant<int, _MM_SHUFFLE(2, 0, 2, 0)> kLow;
  constexpr std::integral_constant<int, _MM_SHUFFLE(3, 1, 3, 1)> kHigh;
  auto* words = reinterpret_cast<__m128i*>(sums);
  const __m128i first = words[0], second = words[1], third = words[2], fourth = words[3];

  constexpr int kHighShift = CellSums::kAreaShift - 32;
  const auto areas = [&](__m128i one, __m128i other) {
    const __m128i half = _mm_set1_epi32(1 << (kHighShift - 1));
    return _mm_srli_epi32(_mm_add_epi32(halves(one, other, kHigh), half), kHighShift);
  };
  const __m128i front = areas(first, second), back = areas(third, fourth);
  const __m128i whole = _mm_set1_epi32(static_cast<int>(area));
  const __m128i is_whole = _mm_cmpeq_epi32(halves(front, back, kLow), whole);
  if (_mm_movemask_epi8(is_whole) != 0xffff) return false;

  const auto mean = [&](__m128i one, __m128i other) {
    const __m128i motion = halves(one, other, kLow);
    const __m128i odd = _mm_and_si128(_mm_srai_epi32(motion, shift), _mm_set1_epi32(1));
    const __m128i less_than_half = _mm_set1_epi32((1 << (shift - 1)) - 1);
    return _mm_srai_epi32(_mm_add_epi32(_mm_add_epi32(motion, less_than_half), odd), shift);
  };
  const __m128i means = _mm_packs_epi32(mean(first, second), mean(third, fourth));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(vectors), means);

  const __m128i less = _mm_set1_epi32(static_cast<int>(area / 2) - 1);
  const __m128i is_coded = _mm_cmpgt_epi32(halves(front, back, kHigh), less);
  const __m128i narrow = _mm_packs_epi32(is_coded, is_coded);
  const __m128i bits = _mm_and_si128(_mm_packs_epi16(narrow, narrow), _mm_set1_epi8(1));
  _mm_storeu_si32(coded, bits);
  for (int i = 0; i < 4; ++i) words[i] = _mm_setzero_si128();
  return true;
}
#else
inline bool WholeCells::write_four(CellSums*, std::int16_t*, std::uint8_t*) const { return false; }
#endif

}  // namespace mgm
