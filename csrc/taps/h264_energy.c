#include "h264_energy.h"

#include <stdlib.h>
#include <string.h>

#include "squares.h"

/* Basis functions of H.264's transforms have unlike norms. Of 4x4 a row's is 4 or 2.5, of 8x8 it is
 * 8, 578 / 64 or 5; what they add is divided by 64. */
enum { kBlock = 16, kBlocks = 16, kPlane = kBlock * kBlocks, kLargest = 1 << 24 };

typedef struct Sums {
  uint64_t small[3];    /* of 4x4, by how many of row and column are odd */
  uint64_t large[3][3]; /* of 8x8, by kind of row and column */
  uint64_t plain;       /* without a transform: samples */
  int unknown;
} Sums;

typedef struct Macroblock {
  const H264Context* h;
  H264SliceContext* sl;
  int deep;   /* coefficients of 32 bits */
  int bypass; /* lossless */
  int large;  /* transforms of 8x8 */
} Macroblock;

/* Norms are in halves, or in 1 / 64, twice each; and 64 is squared. */
static uint64_t energy_of(const Sums* sums, int has_large) {
  static const uint64_t norms[3] = {8 * 64, 578, 5 * 64};
  const uint64_t small = 64 * sums->small[0] + 40 * sums->small[1] + 25 * sums->small[2];
  const uint64_t rest = (small << (MGM_ENERGY_SHIFT - 14)) + (sums->plain << MGM_ENERGY_SHIFT);
  if (!has_large) return rest;
  uint64_t large = 0;
  for (int i = 0; i < 9; ++i) large += norms[i / 3] * norms[i % 3] * sums->large[i / 3][i % 3];
  return rest + (large >> (24 - MGM_ENERGY_SHIFT));
}

/* Of more than 8 bits. What no stream that a decoder can hold has is not squared. */
static uint64_t square(Sums* sums, int32_t coefficient) {
  if (coefficient >= kLargest || coefficient <= -kLargest) {
    sums->unknown = 1;
    return 0;
  }
  return (uint64_t)((int64_t)coefficient * coefficient);
}

static void add_deep(Sums* sums, const Macroblock* mb, const int32_t* from, int count) {
  static const int kinds[8] = {0, 1, 2, 1, 0, 1, 2, 1};
  for (int i = 0; i < count; ++i) {
    const uint64_t energy = square(sums, from[i]);
    if (mb->bypass) {
      sums->plain += energy;
    } else if (count == kBlock) {
      sums->small[(i & 1) + (i >> 2 & 1)] += energy;
    } else {
      sums->large[kinds[i >> 3]][kinds[i & 7]] += energy;
    }
  }
}

/* Blocks that lie one behind the other, count coefficients of one transform, from the n-th on. */
static void take_block(Sums* sums, const Macroblock* mb, int n, int count) {
  int16_t* from = mb->sl->mb + ((ptrdiff_t)n * kBlock << mb->deep);
  if (mb->deep) {
    add_deep(sums, mb, (const int32_t*)(const void*)from, count);
  } else if (mb->bypass) {
    sums->plain += mgm_squares(from, count);
  } else if (count == kBlock) {
    mgm_squares_4x4(from, sums->small);
  } else {
    mgm_squares_8x8(from, sums->large);
  }
  memset(from, 0, (size_t)count * sizeof *from << mb->deep);
}

/* The first coefficients of Intra16x16 blocks are transformed once more, as the decoder does. */
static void spread_luma_dc(const Macroblock* mb, int plane) {
  static const uint8_t places[kBlocks] = {0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15};
  H264SliceContext* sl = mb->sl;
  int16_t* to = sl->mb + ((ptrdiff_t)plane * kPlane << mb->deep);
  const int quantiser = plane == 0 ? sl->qscale : sl->chroma_qp[plane - 1];
  if (!mb->bypass) {
    const uint32_t scale = mb->h->ps.pps->dequant4_coeff[plane][quantiser][0];
    mb->h->h264dsp.h264_luma_dc_dequant_idct(to, sl->mb_luma_dc[plane], (int)scale);
    return;
  }
  for (int i = 0; i < kBlocks; ++i) {
    const ptrdiff_t one = (ptrdiff_t)1 << mb->deep;
    memcpy(to + places[i] * kBlock * one, sl->mb_luma_dc[plane] + i * one,
           (size_t)one * sizeof *to);
  }
}

static void take_luma(Sums* sums, const Macroblock* mb, uint32_t type, int plane) {
  const uint8_t* counts = mb->sl->non_zero_count_cache;
  const int first = plane * kBlocks;
  const int has_dc = IS_INTRA16x16(type) && counts[scan8[LUMA_DC_BLOCK_INDEX + plane]];
  if (has_dc) spread_luma_dc(mb, plane);
  if (!has_dc && !(mb->sl->cbp & 15)) return;
  if (mb->large) {
    for (int i = first; i < first + kBlocks; i += 4) {
      if (counts[scan8[i]]) take_block(sums, mb, i, 4 * kBlock);
    }
    return;
  }
  for (int i = first; i < first + kBlocks; ++i) {
    if (has_dc || counts[scan8[i]]) take_block(sums, mb, i, kBlock);
  }
}

static void take_chroma(Sums* sums, const Macroblock* mb, uint32_t type, int plane) {
  H264SliceContext* sl = mb->sl;
  const H264Context* h = mb->h;
  const int tall = CHROMA422(h);
  const uint8_t* counts = sl->non_zero_count_cache;
  const int has_dc = counts[scan8[CHROMA_DC_BLOCK_INDEX + plane - 1]];
  if (has_dc && !mb->bypass) {
    const int quantiser = sl->chroma_qp[plane - 1] + (tall ? 3 : 0);
    const int matrix = IS_INTRA(type) ? plane : 3 + plane;
    h->h264dsp.h264_chroma_dc_dequant_idct(sl->mb + ((ptrdiff_t)plane * kPlane << mb->deep),
                                           (int)h->ps.pps->dequant4_coeff[matrix][quantiser][0]);
  }
  for (int i = 0; i < (tall ? 8 : 4); ++i) {
    const int n = plane * kBlocks + i;
    if (has_dc || counts[scan8[i < 4 ? n : n + 4]]) take_block(sums, mb, n, kBlock);
  }
}

/* Of one in a field every second line is its own: the pair of rows shares its energy. */
static void add(MgmEnergy* energy, const Macroblock* mb, int plane, const Sums* sums) {
  const H264SliceContext* sl = mb->sl;
  const uint64_t value = energy_of(sums, mb->large);
  energy->unknown |= sums->unknown;
  if (sl->mb_field_decoding_flag) {
    mgm_add_energy(energy, plane, sl->mb_x, sl->mb_y, value - value / 2);
    mgm_add_energy(energy, plane, sl->mb_x, sl->mb_y ^ 1, value / 2);
  } else {
    mgm_add_energy(energy, plane, sl->mb_x, sl->mb_y, value);
  }
}

void mgm_h264_take_energy(MgmEnergy* energy, const H264Context* h, H264SliceContext* sl) {
  const uint32_t type = h->cur_pic.mb_type[sl->mb_xy];
  const Macroblock mb = {
      .h = h,
      .sl = sl,
      .deep = h->pixel_shift,
      .bypass = sl->qscale == 0 && h->ps.sps->transform_bypass,
      .large = IS_8x8DCT(type) != 0,
  };
  Sums luma = {.unknown = 0}, chroma = {.unknown = 0};
  take_luma(&luma, &mb, type, 0);
  add(energy, &mb, MGM_LUMA, &luma);
  if (CHROMA444(h)) {
    for (int plane = 1; plane < 3; ++plane) take_luma(&chroma, &mb, type, plane);
  } else if (sl->cbp & 48) {
    for (int plane = 1; plane < 3; ++plane) take_chroma(&chroma, &mb, type, plane);
  } else {
    return;
  }
  add(energy, &mb, MGM_CHROMA, &chroma);
}

void mgm_h264_begin_energy(H264SliceContext* sl) {
  memset(sl->mb, 0, sizeof sl->mb);
  memset(sl->mb_luma_dc, 0, sizeof sl->mb_luma_dc);
}
