/* Sums of squared coefficients. No sum of a block's can overflow: a square has at most 30 bits. */
#ifndef MGM_TAPS_SQUARES_H
#define MGM_TAPS_SQUARES_H

#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#ifdef __SSE2__

static inline void mgm_split_lanes(__m128i lanes, uint64_t* low, uint64_t* high) {
  uint64_t both[2];
  _mm_storeu_si128((__m128i*)both, lanes);
  *low += both[0];
  *high += both[1];
}

static inline uint64_t mgm_add_lanes(__m128i lanes) {
  uint64_t low = 0, high = 0;
  mgm_split_lanes(lanes, &low, &high);
  return low + high;
}

/* Numbers of 32 bits without sign, two and two. */
static inline __m128i mgm_widen_lanes(__m128i numbers) {
  const __m128i zero = _mm_setzero_si128();
  return _mm_add_epi64(_mm_unpacklo_epi32(numbers, zero), _mm_unpackhi_epi32(numbers, zero));
}

/* Squares of eight numbers, of those at even and at odd places. */
static inline __m128i mgm_square_even(__m128i eight) {
  const __m128i even = _mm_and_si128(eight, _mm_set1_epi32(0xFFFF));
  return _mm_madd_epi16(even, even);
}

static inline __m128i mgm_square_odd(__m128i eight) {
  const __m128i odd = _mm_srli_epi32(eight, 16);
  return _mm_madd_epi16(odd, odd);
}

typedef __m128i MgmSquares;

static inline MgmSquares mgm_no_squares(void) { return _mm_setzero_si128(); }

static inline uint64_t mgm_total(MgmSquares squares) { return mgm_add_lanes(squares); }

static inline MgmSquares mgm_add_squares(MgmSquares squares, const int16_t* coefficients,
                                         int count) {
  for (int i = 0; i < count; i += 16) {
    const __m128i first = _mm_loadu_si128((const __m128i*)(coefficients + i));
    const __m128i second = _mm_loadu_si128((const __m128i*)(coefficients + i + 8));
    squares = _mm_add_epi64(squares, mgm_widen_lanes(_mm_madd_epi16(first, first)));
    squares = _mm_add_epi64(squares, mgm_widen_lanes(_mm_madd_epi16(second, second)));
  }
  return squares;
}

static inline MgmSquares mgm_add_scaled_squares(MgmSquares squares, const int16_t* levels,
                                                int count, int scale, int offset) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i scales = _mm_set1_epi16((int16_t)scale), offsets = _mm_set1_epi16((int16_t)offset);
  for (int i = 0; i < count; i += 8) {
    const __m128i eight = _mm_loadu_si128((const __m128i*)(levels + i));
    const __m128i sign = _mm_srai_epi16(eight, 15);
    const __m128i size = _mm_sub_epi16(_mm_xor_si128(eight, sign), sign);
    const __m128i offset_of = _mm_andnot_si128(_mm_cmpeq_epi16(eight, zero), offsets);
    const __m128i scaled = _mm_add_epi16(_mm_mullo_epi16(size, scales), offset_of);
    squares = _mm_add_epi64(squares, mgm_widen_lanes(_mm_madd_epi16(scaled, scaled)));
  }
  return squares;
}

static inline void mgm_squares_4x4(const int16_t* coefficients, uint64_t sums[3]) {
  const __m128i upper = _mm_loadu_si128((const __m128i*)coefficients);
  const __m128i lower = _mm_loadu_si128((const __m128i*)(coefficients + 8));
  const __m128i even = _mm_add_epi32(mgm_square_even(upper), mgm_square_even(lower));
  const __m128i odd = _mm_add_epi32(mgm_square_odd(upper), mgm_square_odd(lower));
  const __m128i zero = _mm_setzero_si128();
  sums[0] += mgm_add_lanes(_mm_unpacklo_epi32(even, zero));
  sums[1] +=
      mgm_add_lanes(_mm_add_epi64(_mm_unpackhi_epi32(even, zero), _mm_unpacklo_epi32(odd, zero)));
  sums[2] += mgm_add_lanes(_mm_unpackhi_epi32(odd, zero));
}

static inline void mgm_squares_8x8(const int16_t* coefficients, uint64_t sums[3][3]) {
  enum { kSide = 8 };
  static const int kinds[kSide] = {0, 1, 2, 1, 0, 1, 2, 1};
  __m128i even[3] = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
  __m128i odd[3] = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
  for (int y = 0; y < kSide; ++y) {
    const __m128i row = _mm_loadu_si128((const __m128i*)(coefficients + kSide * y));
    const int kind = kinds[y];
    even[kind] = _mm_add_epi64(even[kind], mgm_widen_lanes(mgm_square_even(row)));
    odd[kind] = _mm_add_epi64(odd[kind], mgm_widen_lanes(mgm_square_odd(row)));
  }
  for (int kind = 0; kind < 3; ++kind) {
    mgm_split_lanes(even[kind], &sums[kind][0], &sums[kind][2]);
    sums[kind][1] += mgm_add_lanes(odd[kind]);
  }
}

#else

typedef uint64_t MgmSquares;

static inline MgmSquares mgm_no_squares(void) { return 0; }

static inline uint64_t mgm_total(MgmSquares squares) { return squares; }

/* count: a multiple of 16. */
static inline MgmSquares mgm_add_squares(MgmSquares squares, const int16_t* coefficients,
                                         int count) {
  for (int i = 0; i < count; ++i) squares += (uint32_t)(coefficients[i] * coefficients[i]);
  return squares;
}

/* Of levels that are not zero each is made larger by an offset once it is scaled; in 16 bits, as
 * decoders have it. */
static inline MgmSquares mgm_add_scaled_squares(MgmSquares squares, const int16_t* levels,
                                                int count, int scale, int offset) {
  for (int i = 0; i < count; ++i) {
    const int size = levels[i] < 0 ? -levels[i] : levels[i];
    const int16_t scaled = (int16_t)(size ? size * scale + offset : 0);
    squares += (uint32_t)(scaled * scaled);
  }
  return squares;
}

/* Adds those of even and odd rows and columns apart: by how many of both are odd. */
static inline void mgm_squares_4x4(const int16_t* coefficients, uint64_t sums[3]) {
  for (int i = 0; i < 16; ++i) {
    sums[(i & 1) + (i >> 2 & 1)] += (uint32_t)(coefficients[i] * coefficients[i]);
  }
}

/* By kind of row and of column: 0 and 4, odd ones, 2 and 6. */
static inline void mgm_squares_8x8(const int16_t* coefficients, uint64_t sums[3][3]) {
  static const int kinds[8] = {0, 1, 2, 1, 0, 1, 2, 1};
  for (int i = 0; i < 64; ++i) {
    sums[kinds[i >> 3]][kinds[i & 7]] += (uint32_t)(coefficients[i] * coefficients[i]);
  }
}

#endif

static inline uint64_t mgm_squares(const int16_t* coefficients, int count) {
  return mgm_total(mgm_add_squares(mgm_no_squares(), coefficients, count));
}

#endif
