#include "mpegvideo_energy.h"

#include <libavcodec/mpegutils.h>

#include "squares.h"

enum { kLumaBlocks = 4, kBlock = 64 };

const char* mgm_mpegvideo_lacks_energy(enum AVCodecID id) {
  return id == AV_CODEC_ID_WMV2
             ? "its blocks have transforms of several sizes, and the decoder does "
               "not show which"
             : NULL;
}

typedef enum Quantiser { kDone, kH263, kOther } Quantiser;

/* As ff_mpv_reconstruct_mb has it: which blocks are dequantised where they are parsed, and how the
 * others are. */
static Quantiser quantiser_of(const MpegEncContext* s) {
  if (s->out_format <= FMT_H261) return kDone;
  if (s->mb_intra) {
    return s->dct_unquantize_intra == s->dct_unquantize_h263_intra ? kH263 : kOther;
  }
  const int mpeg4 = s->codec_id == AV_CODEC_ID_MPEG4;
  if (s->msmpeg4_version != MSMP4_UNUSED || (mpeg4 && !s->mpeg_quant)) return kDone;
  return s->dct_unquantize_inter == s->dct_unquantize_h263_inter ? kH263 : kOther;
}

static MgmSquares add_quantised(MgmSquares squares, MpegEncContext* s, int16_t* block, int n,
                                Quantiser quantiser) {
  const int scale = n < kLumaBlocks ? s->qscale : s->chroma_qscale;
  if (quantiser == kH263) {
    const int offset = s->mb_intra && s->h263_aic ? 0 : (scale - 1) | 1;
    return mgm_add_scaled_squares(squares, block, kBlock, 2 * scale, offset);
  }
  if (s->mb_intra) {
    s->dct_unquantize_intra(s, block, n, scale);
    block[0] = 0;
  } else {
    s->dct_unquantize_inter(s, block, n, scale);
  }
  return mgm_add_squares(squares, block, kBlock);
}

/* The first coefficient of an intra block is its mean, which is no residual: nothing predicts it in
 * the picture. */
static MgmSquares add_intra(MgmSquares squares, MpegEncContext* s, int16_t* block, int n,
                            Quantiser quantiser) {
  block[0] = 0;
  return quantiser == kDone ? mgm_add_squares(squares, block, kBlock)
                            : add_quantised(squares, s, block, n, quantiser);
}

/* Behind the last one that was sent only the last of all is set, where its parity says how
 * dequantisation was rounded. */
static MgmSquares add_inter(MgmSquares squares, MpegEncContext* s, int16_t* block, int n,
                            Quantiser quantiser) {
  const int sent = FFMIN(s->block_last_index[n], kBlock - 1);
  if (sent < 0) return squares;
  if (quantiser != kDone) return add_quantised(squares, s, block, n, quantiser);
  const int last = FFMAX(s->intra_scantable.raster_end[sent], s->inter_scantable.raster_end[sent]);
  return mgm_add_squares(squares, block, block[kBlock - 1] ? kBlock : (last | 15) + 1);
}

/* Of one in a field picture every second line is its own: the pair of rows shares its energy. The
 * transform is orthonormal. */
static void add(MgmEnergy* energy, const MpegEncContext* s, int plane, MgmSquares squares) {
  const uint64_t value = mgm_total(squares) << MGM_ENERGY_SHIFT;
  if (!value) return;
  if (s->picture_structure == PICT_FRAME || s->out_format != FMT_MPEG1) {
    mgm_add_energy(energy, plane, s->mb_x, s->mb_y, value);
    return;
  }
  const int row = s->mb_y & ~1;
  mgm_add_energy(energy, plane, s->mb_x, row, value - value / 2);
  mgm_add_energy(energy, plane, s->mb_x, row + 1, value / 2);
}

static MgmSquares squares_of(MpegEncContext* s, int16_t block[12][64], int begin, int end,
                             Quantiser quantiser) {
  MgmSquares squares = mgm_no_squares();
  if (s->mb_intra) {
    for (int n = begin; n < end; ++n) squares = add_intra(squares, s, block[n], n, quantiser);
  } else {
    for (int n = begin; n < end; ++n) squares = add_inter(squares, s, block[n], n, quantiser);
  }
  return squares;
}

/* -1 says of a block that it is empty. */
static int is_empty(const MpegEncContext* s, int count) {
  const int* last = s->block_last_index;
  int all = last[0] & last[1] & last[2] & last[3] & last[4] & last[5];
  for (int n = 6; n < count; ++n) all &= last[n];
  return all < 0;
}

void mgm_mpegvideo_energy(MgmEnergy* energy, MpegEncContext* s, int16_t block[12][64]) {
  const int count = kLumaBlocks + FFMAX(2, 1 << s->chroma_format); /* not all set the format */
  /* Those of the studio profile lie elsewhere, or there are none. */
  if (s->studio_profile) energy->unknown = 1;
  if (energy->unknown || (!s->mb_intra && is_empty(s, count))) return;
  const Quantiser quantiser = quantiser_of(s);
  add(energy, s, MGM_LUMA, squares_of(s, block, 0, kLumaBlocks, quantiser));
  add(energy, s, MGM_CHROMA, squares_of(s, block, kLumaBlocks, count, quantiser));
}
