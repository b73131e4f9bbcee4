#include "av1_energy.h"

#include <string.h>

#include "squares.h"
#include "src/env.h"
#include "src/tables.h"

enum { kCell = 8, kMostCoded = 8, kLargest = 1 << 24, kChunk = 16 };

/* Transforms one behind the other, in the order in which dav1d_read_coef_blocks leaves them. Places
 * and sizes are in 4x4 of luma. */
typedef struct Walk {
  const Dav1dFrameContext* f;
  const Av1Block* b;
  MgmEnergy* energy;
  char* coefficients;
  const int16_t* blocks; /* of each: its last coefficient, -1 for none, and the transform's type */
  int deep;              /* coefficients of 32 bits */
} Walk;

/* In 4x4 of its plane. */
typedef struct Place {
  int x, y;
} Place;

static uint64_t squares_of(const Walk* walk, int count) {
  if (!walk->deep) return mgm_squares((const int16_t*)(const void*)walk->coefficients, count);
  const int32_t* from = (const int32_t*)(const void*)walk->coefficients;
  uint64_t sum = 0;
  for (int i = 0; i < count; ++i) {
    if (from[i] >= kLargest || from[i] <= -kLargest) walk->energy->unknown = 1;
    sum += (uint64_t)((int64_t)(from[i] % kLargest) * (from[i] % kLargest));
  }
  return sum;
}

static uint64_t square_of_first(const Walk* walk) {
  const int32_t first = walk->deep ? *(const int32_t*)(const void*)walk->coefficients
                                   : *(const int16_t*)(const void*)walk->coefficients;
  if (first >= kLargest || first <= -kLargest) walk->energy->unknown = 1;
  return (uint64_t)((int64_t)(first % kLargest) * (first % kLargest));
}

/* 64 squares make one squared level, but that larger transforms have coefficients halved once or
 * twice before. */
static int shift_of(const TxfmInfo* size) {
  const int halved = size->ctx > 2 ? size->ctx - 2 : 0;
  return MGM_ENERGY_SHIFT - (6 - 2 * halved);
}

/* The next transform. */
static void take(Walk* walk, const TxfmInfo* size, Place place, int plane) {
  const int last = *walk->blocks >> 5, type = *walk->blocks & 31;
  const int count = kChunk * imin(size->w, kMostCoded) * imin(size->h, kMostCoded);
  ++walk->blocks;
  if (type == WHT_WHT) walk->energy->unknown = 1; /* lossless: it rounds at every step */
  if (last >= 0) {
    const int layout = (int)walk->f->cur.p.layout;
    const int ss_hor = plane && layout != DAV1D_PIXEL_LAYOUT_I444;
    const int ss_ver = plane && layout == DAV1D_PIXEL_LAYOUT_I420;
    /* Often the first is the only one. */
    const int parsed = last > 0 ? count : 1;
    const uint64_t squares = last > 0 ? squares_of(walk, count) : square_of_first(walk);
    memset(walk->coefficients, 0, (size_t)parsed * sizeof(int16_t) << walk->deep);
    mgm_spread_energy(walk->energy, plane ? MGM_CHROMA : MGM_LUMA, 4 * place.x << ss_hor,
                      4 * place.y << ss_ver, 4 * size->w << ss_hor, 4 * size->h << ss_ver,
                      squares << shift_of(size));
  }
  walk->coefficients += (size_t)count * sizeof(int16_t) << walk->deep;
}

/* The parts of an inter block's transform; step: its place among those of its depth. */
static void take_tree(Walk* walk, int transform, int depth, Place place, Place step) {
  const TxfmInfo* size = &dav1d_txfm_dimensions[transform];
  const unsigned splits[2] = {walk->b->tx_split0, walk->b->tx_split1};
  if (depth == 2 || !splits[depth] || !(splits[depth] & (1U << (step.y * 4 + step.x)))) {
    take(walk, size, place, 0);
    return;
  }
  const TxfmInfo* part = &dav1d_txfm_dimensions[size->sub];
  const int wide = size->w >= size->h, high = size->h >= size->w;
  for (int i = 0; i <= high; ++i) {
    for (int j = 0; j <= wide; ++j) {
      const Place at = {place.x + j * part->w, place.y + i * part->h};
      if (at.x >= walk->f->bw || at.y >= walk->f->bh) continue;
      take_tree(walk, size->sub, depth + 1, at, (Place){2 * step.x + j, 2 * step.y + i});
    }
  }
}

/* Of 64x64 of luma, first at `from`; the block at `block` ends at `end`. */
static void take_luma(Walk* walk, Place block, Place from, Place end) {
  const Av1Block* b = walk->b;
  const TxfmInfo* size = &dav1d_txfm_dimensions[b->intra ? b->tx : b->max_ytx];
  Place step = {0, from.y > 0};
  for (int y = from.y; y < imin(end.y, from.y + kChunk); y += size->h, ++step.y) {
    step.x = from.x > 0;
    for (int x = from.x; x < imin(end.x, from.x + kChunk); x += size->w, ++step.x) {
      const Place place = {block.x + x, block.y + y};
      if (b->intra) {
        take(walk, size, place, 0);
      } else {
        take_tree(walk, b->max_ytx, 0, place, step);
      }
    }
  }
}

static void take_chroma(Walk* walk, Place block, Place from, Place end) {
  const int layout = (int)walk->f->cur.p.layout;
  const int ss_hor = layout != DAV1D_PIXEL_LAYOUT_I444;
  const int ss_ver = layout == DAV1D_PIXEL_LAYOUT_I420;
  const TxfmInfo* size = &dav1d_txfm_dimensions[walk->b->uvtx];
  const int right = imin((end.x + ss_hor) >> ss_hor, (from.x + kChunk) >> ss_hor);
  const int bottom = imin((end.y + ss_ver) >> ss_ver, (from.y + kChunk) >> ss_ver);
  for (int plane = 1; plane < 3; ++plane) {
    for (int y = from.y >> ss_ver; y < bottom; y += size->h) {
      for (int x = from.x >> ss_hor; x < right; x += size->w) {
        take(walk, size, (Place){(block.x >> ss_hor) + x, (block.y >> ss_ver) + y}, plane);
      }
    }
  }
}

static int has_chroma(const Dav1dTaskContext* t, const uint8_t* size) {
  const int layout = (int)t->f->cur.p.layout;
  const int ss_hor = layout != DAV1D_PIXEL_LAYOUT_I444;
  const int ss_ver = layout == DAV1D_PIXEL_LAYOUT_I420;
  return layout != DAV1D_PIXEL_LAYOUT_I400 && (size[0] > ss_hor || t->bx & 1) &&
         (size[1] > ss_ver || t->by & 1);
}

void av1_energy(const Dav1dTaskContext* t, MgmPicture* picture, Av1Coefficients coefficients,
                enum BlockSize bs, const Av1Block* b) {
  const Dav1dFrameContext* f = t->f;
  MgmEnergy* energy = &picture->energy;
  const uint8_t* size = dav1d_block_dimensions[bs];
  if (!energy->side && !mgm_count_energy(picture, kCell)) return;
  /* With super-resolution what is added is enlarged afterwards. */
  if (f->frame_hdr->width[0] != f->frame_hdr->width[1]) energy->unknown = 1;
  if (b->skip) return;
  Walk walk = {
      .f = f,
      .b = b,
      .energy = energy,
      .coefficients = coefficients.values,
      .blocks = coefficients.blocks,
      .deep = f->cur.p.bpc > 8,
  };
  const Place block = {t->bx, t->by};
  const Place end = {imin(size[0], f->bw - t->bx), imin(size[1], f->bh - t->by)};
  const int chroma = has_chroma(t, size);
  for (int y = 0; y < end.y; y += kChunk) {
    for (int x = 0; x < end.x; x += kChunk) {
      take_luma(&walk, block, (Place){x, y}, end);
      if (chroma) take_chroma(&walk, block, (Place){x, y}, end);
    }
  }
}
