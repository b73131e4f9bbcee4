/* The partitions of one H.264 macroblock, walked as motion compensation does. */
#include "h264_macroblock.h"

#include <libavcodec/mpegutils.h>

typedef struct Macroblock {
  const H264SliceContext* sl;
  const MgmTarget (*targets)[32];
  MgmBlock* next;
  int x, y;  /* its top left corner */
  int field; /* covers every second line of a macroblock pair */
  uint8_t flags;
} Macroblock;

/* One partition: its first 4x4 block n (whose cache entry alone is certain to hold the reference),
 * place and size in the macroblock. */
static inline void add_partition(Macroblock* mb, uint32_t type, int part, int n, int x, int y,
                                 int w, int h, uint8_t flags) {
  uint8_t second = 0;
  for (int list = 0; list < 2; ++list) {
    if (!IS_DIR(type, part, list)) continue;
    const int ref = mb->sl->ref_cache[list][scan8[n]];
    if (ref < 0) continue;
    const int16_t* motion = mb->sl->mv_cache[list][scan8[n]];
    const MgmTarget target = mb->targets[list][ref & 31];
    *mb->next++ = (MgmBlock){
        .x = (int16_t)(mb->x + x + w / 2),
        .y = (int16_t)(mb->y + ((y + h / 2) << mb->field)),
        .w = (uint8_t)w,
        .h = (uint8_t)(h << mb->field),
        .flags = (uint8_t)(mb->flags | flags | second | (list ? MGM_BLOCK_LIST1 : 0)),
        .reference = target.reference,
        .motion_x = motion[0],
        .motion_y = motion[1] * (1 << mb->field) + target.rise,
    };
    second = MGM_BLOCK_SECOND;
  }
}

static void add_sub_macroblock(Macroblock* mb, int i) {
  const uint32_t type = mb->sl->sub_mb_type[i];
  const int n = 4 * i, x = 8 * (i & 1), y = 4 * (i & 2);
  const uint8_t flags = IS_DIRECT(type) ? MGM_BLOCK_DIRECT : 0;
  if (IS_SUB_8X8(type)) {
    add_partition(mb, type, 0, n, x, y, 8, 8, flags);
  } else if (IS_SUB_8X4(type)) {
    add_partition(mb, type, 0, n, x, y, 8, 4, flags);
    add_partition(mb, type, 0, n + 2, x, y + 4, 8, 4, flags);
  } else if (IS_SUB_4X8(type)) {
    add_partition(mb, type, 0, n, x, y, 4, 8, flags);
    add_partition(mb, type, 0, n + 1, x + 4, y, 4, 8, flags);
  } else {
    for (int j = 0; j < 4; ++j) {
      add_partition(mb, type, 0, n + j, x + 4 * (j & 1), y + 2 * (j & 2), 4, 4, flags);
    }
  }
}

static void add_inter(Macroblock* mb, uint32_t type) {
  if (IS_16X16(type)) {
    add_partition(mb, type, 0, 0, 0, 0, 16, 16, 0);
  } else if (IS_16X8(type)) {
    add_partition(mb, type, 0, 0, 0, 0, 16, 8, 0);
    add_partition(mb, type, 1, 8, 0, 8, 16, 8, 0);
  } else if (IS_8X16(type)) {
    add_partition(mb, type, 0, 0, 0, 0, 8, 16, 0);
    add_partition(mb, type, 1, 4, 8, 0, 8, 16, 0);
  } else {
    for (int i = 0; i < 4; ++i) add_sub_macroblock(mb, i);
  }
}

static void add_intra(Macroblock* mb) {
  *mb->next++ = (MgmBlock){
      .x = (int16_t)(mb->x + 8),
      .y = (int16_t)(mb->y + (8 << mb->field)),
      .w = 16,
      .h = (uint8_t)(16 << mb->field),
      .flags = (uint8_t)(mb->flags | MGM_BLOCK_INTRA | MGM_BLOCK_CODED),
  };
}

MgmBlock* mgm_h264_macroblock(const H264Context* h, const H264SliceContext* sl,
                              const MgmTarget (*targets)[32], MgmBlock* next) {
  const uint32_t type = h->cur_pic.mb_type[sl->mb_xy];
  const int field = MB_FIELD(sl) || FIELD_PICTURE(h);
  Macroblock mb = {
      .sl = sl,
      .targets = targets,
      .next = next,
      .x = 16 * sl->mb_x,
      .y = 16 * (field ? sl->mb_y & ~1 : sl->mb_y),
      .field = field,
      .flags = field ? MGM_BLOCK_FIELD : 0,
  };
  if (IS_INTRA(type)) {
    add_intra(&mb);
    return mb.next;
  }
  if (IS_SKIP(type)) {
    mb.flags |= MGM_BLOCK_SKIP;
  } else if (sl->cbp & 63) {
    mb.flags |= MGM_BLOCK_CODED;
  }
  if (IS_DIRECT(type)) mb.flags |= MGM_BLOCK_DIRECT;
  add_inter(&mb, type);
  return mb.next;
}
