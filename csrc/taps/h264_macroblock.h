/* The partitions of one H.264 macroblock, walked as motion compensation does. In a header, so that
 * the tap makes one function of all that it does per macroblock. */
#ifndef MGM_TAPS_H264_MACROBLOCK_H
#define MGM_TAPS_H264_MACROBLOCK_H

#include <libavcodec/h264dec.h>
#include <libavcodec/mpegutils.h>

#include "h264_references.h"
#include "tap.h"

/* 16 blocks of 4x4, each with two vectors. */
enum { MGM_H264_MOST_BLOCKS = 32 };

typedef struct Macroblock {
  const H264SliceContext* sl;
  MgmTarget (*targets)[32];
  int x, y; /* its top left corner */
  int flags;
} Macroblock;

/* Place and size in the macroblock, and the first 4x4 block, whose cache entry alone is certain to
 * hold the reference; mostly constants. */
typedef struct Partition {
  int n, x, y, w, h;
} Partition;

/* A vector of one list. field: 1 where it covers every second line of a macroblock pair. */
static av_always_inline MgmBlock* add_vector(const Macroblock* mb, MgmBlock* next, int field,
                                             int list, int flags, Partition part) {
  const int ref = mb->sl->ref_cache[list][scan8[part.n]];
  if (ref < 0) return next;
  const int16_t* motion = mb->sl->mv_cache[list][scan8[part.n]];
  const MgmTarget target = mb->targets[list][ref & 31];
  *next = (MgmBlock){
      .x = (int16_t)(mb->x + part.x + part.w / 2),
      .y = (int16_t)(mb->y + ((part.y + part.h / 2) << field)),
      .w = (uint8_t)part.w,
      .h = (uint8_t)(part.h << field),
      .flags = (uint8_t)(flags | target.flags | (list ? MGM_BLOCK_LIST1 : 0)),
      .reference = target.reference,
      .motion_x = motion[0],
      .motion_y = field ? 2 * motion[1] + target.rise : motion[1],
  };
  return next + 1;
}

static av_always_inline MgmBlock* add_partition(const Macroblock* mb, MgmBlock* next, int field,
                                                uint32_t type, int index, Partition part) {
  MgmBlock* const first = next;
  for (int list = 0; list < 2; ++list) {
    if (!IS_DIR(type, index, list)) continue;
    const int flags = next == first ? mb->flags : mb->flags | MGM_BLOCK_SECOND;
    next = add_vector(mb, next, field, list, flags, part);
  }
  return next;
}

static inline MgmBlock* add_sub_macroblock(Macroblock mb, MgmBlock* next, int field, int i) {
  const uint32_t type = mb.sl->sub_mb_type[i];
  const int n = 4 * i, x = 8 * (i & 1), y = 4 * (i & 2);
  if (IS_DIRECT(type)) mb.flags |= MGM_BLOCK_DIRECT;
  if (IS_SUB_8X8(type)) return add_partition(&mb, next, field, type, 0, (Partition){n, x, y, 8, 8});
  if (IS_SUB_8X4(type)) {
    next = add_partition(&mb, next, field, type, 0, (Partition){n, x, y, 8, 4});
    return add_partition(&mb, next, field, type, 0, (Partition){n + 2, x, y + 4, 8, 4});
  }
  if (IS_SUB_4X8(type)) {
    next = add_partition(&mb, next, field, type, 0, (Partition){n, x, y, 4, 8});
    return add_partition(&mb, next, field, type, 0, (Partition){n + 1, x + 4, y, 4, 8});
  }
  for (int j = 0; j < 4; ++j) {
    const int right = 4 * (j & 1), down = 2 * (j & 2);
    next = add_partition(&mb, next, field, type, 0, (Partition){n + j, x + right, y + down, 4, 4});
  }
  return next;
}

static av_always_inline MgmBlock* add_inter(const Macroblock* mb, MgmBlock* next, int field,
                                            uint32_t type) {
  if (IS_16X16(type)) return add_partition(mb, next, field, type, 0, (Partition){0, 0, 0, 16, 16});
  if (IS_16X8(type)) {
    next = add_partition(mb, next, field, type, 0, (Partition){0, 0, 0, 16, 8});
    return add_partition(mb, next, field, type, 1, (Partition){8, 0, 8, 16, 8});
  }
  if (IS_8X16(type)) {
    next = add_partition(mb, next, field, type, 0, (Partition){0, 0, 0, 8, 16});
    return add_partition(mb, next, field, type, 1, (Partition){4, 8, 0, 8, 16});
  }
  for (int i = 0; i < 4; ++i) next = add_sub_macroblock(*mb, next, field, i);
  return next;
}

static inline MgmBlock* add_intra(const Macroblock* mb, MgmBlock* next, int field) {
  *next = (MgmBlock){
      .x = (int16_t)(mb->x + 8),
      .y = (int16_t)(mb->y + (8 << field)),
      .w = 16,
      .h = (uint8_t)(16 << field),
      .flags = (uint8_t)((mb->flags & MGM_BLOCK_FIELD) | MGM_BLOCK_INTRA | MGM_BLOCK_CODED),
  };
  return next + 1;
}

static av_always_inline Macroblock describe(const H264SliceContext* sl, uint32_t type,
                                            MgmTarget (*targets)[32], int field) {
  const int coded = !IS_SKIP(type) && (sl->cbp & 63);
  return (Macroblock){
      .sl = sl,
      .targets = targets,
      .x = 16 * sl->mb_x,
      .y = 16 * (field ? sl->mb_y & ~1 : sl->mb_y),
      .flags = (IS_SKIP(type) ? MGM_BLOCK_SKIP : 0) | (IS_DIRECT(type) ? MGM_BLOCK_DIRECT : 0) |
               (coded ? MGM_BLOCK_CODED : 0) | (field ? MGM_BLOCK_FIELD : 0),
  };
}

/* Writes the blocks of the macroblock just parsed, intra ones too; returns where the next goes.
 * targets: by list and reference index. interlaced: a constant; 0 where no field can be. There must
 * be room for MGM_H264_MOST_BLOCKS. */
static av_always_inline MgmBlock* mgm_h264_macroblock(const H264Context* h,
                                                      const H264SliceContext* sl,
                                                      MgmTarget (*targets)[32], MgmBlock* next,
                                                      int interlaced) {
  const uint32_t type = h->cur_pic.mb_type[sl->mb_xy];
  const int field = interlaced && (MB_FIELD(sl) || FIELD_PICTURE(h));
  const Macroblock mb = describe(sl, type, targets, field);
  if (IS_INTRA(type)) return add_intra(&mb, next, field);
  return field ? add_inter(&mb, next, 1, type) : add_inter(&mb, next, 0, type);
}

/* Whether a macroblock is one block with one vector, of that list. */
static av_always_inline int mgm_h264_is_one_vector(uint32_t type, int list) {
  const uint32_t mask = MB_TYPE_16x16 | MB_TYPE_P0L0 | MB_TYPE_P0L1;
  return (type & mask) == (MB_TYPE_16x16 | (list ? MB_TYPE_P0L1 : MB_TYPE_P0L0));
}

/* Writes it, in a frame; there must be room. */
static av_always_inline MgmBlock* mgm_h264_one_vector(const H264SliceContext* sl, uint32_t type,
                                                      int list, MgmTarget (*targets)[32],
                                                      MgmBlock* next) {
  const Macroblock mb = describe(sl, type, targets, 0);
  return add_vector(&mb, next, 0, list, mb.flags, (Partition){0, 0, 0, 16, 16});
}

#endif
