/* The vectors of one macroblock of the MPEG family, walked as motion compensation does. */
#include "mpegvideo_macroblock.h"

#include <libavcodec/mpeg4videodec.h>
#include <libavcodec/mpegutils.h>
#include <string.h>

typedef struct Macroblock {
  const MpegEncContext* s;
  MgmPicture* picture;
  MgmBlock* next;
  uint8_t flags;
} Macroblock;

/* Centre and size in frame lines. */
typedef struct Area {
  int x, y, w, h;
} Area;

/* Parities: of the lines predicted, and of the field that they come from. */
typedef struct Fields {
  int own, source;
} Fields;

static uint8_t add_reference(MgmPicture* picture, const MPVPicture* target, int half) {
  /* A dummy stands where the stream has no picture, as where decoding began at what is no key
   * picture: an unknown reference. */
  const int known = target && !target->dummy;
  if (!known) picture->concealed = 1;
  return mgm_add_reference(picture, known ? mgm_picture(target->f) : NULL, MGM_NO_POC,
                           (int8_t)half);
}

static uint8_t frame_reference(const MpegEncContext* s, MgmPicture* picture, int dir) {
  return add_reference(picture, dir ? s->next_pic.ptr : s->last_pic.ptr, 0);
}

static uint8_t field_reference(const MpegEncContext* s, MgmPicture* picture, int dir,
                               Fields fields) {
  const int second_field = s->picture_structure != PICT_FRAME && !s->first_field;
  const int below = fields.source - fields.own;
  const int top_first = (s->cur_pic.ptr->f->flags & AV_FRAME_FLAG_TOP_FIELD_FIRST) != 0;
  const int half = top_first ? below : -below;
  if (second_field && below != 0 && s->pict_type != AV_PICTURE_TYPE_B) {
    return add_reference(picture, s->cur_pic.ptr, half);
  }
  return add_reference(picture, dir ? s->next_pic.ptr : s->last_pic.ptr, half);
}

static void add_block(Macroblock* mb, Area area, uint32_t flags, uint8_t reference, int motion_x,
                      int motion_y) {
  *mb->next++ = (MgmBlock){
      .x = (int16_t)area.x,
      .y = (int16_t)area.y,
      .w = (uint8_t)area.w,
      .h = (uint8_t)area.h,
      .flags = (uint8_t)(mb->flags | flags),
      .reference = reference,
      .motion_x = motion_x,
      .motion_y = motion_y,
  };
}

static int uses(const MpegEncContext* s, int dir) { return s->mv_dir & (MV_DIR_FORWARD << dir); }

static uint32_t list_flag(int dir) { return dir ? MGM_BLOCK_LIST1 : 0; }

static void add_frame_part(Macroblock* mb, Area area, int part) {
  const MpegEncContext* s = mb->s;
  uint32_t second = 0;
  for (int dir = 0; dir < 2; ++dir) {
    if (!uses(s, dir)) continue;
    const int* motion = s->mv[dir][part];
    add_block(mb, area, second | list_flag(dir), frame_reference(s, mb->picture, dir), motion[0],
              motion[1]);
    second = MGM_BLOCK_SECOND;
  }
}

/* Lines of equal number lie one frame line apart in fields of unequal parity. */
static void add_field_vector(Macroblock* mb, Area area, int dir, int part, Fields fields,
                             uint32_t flags) {
  const int* motion = mb->s->mv[dir][part];
  const int rise = (fields.source - fields.own) * mb->picture->motion_scale;
  /* Unsigned: a damaged stream may overflow it. */
  const uint32_t motion_y = 2U * (uint32_t)motion[1] + (uint32_t)rise;
  add_block(mb, area, flags | MGM_BLOCK_FIELD | list_flag(dir),
            field_reference(mb->s, mb->picture, dir, fields), motion[0], (int32_t)motion_y);
}

static void add_field_part(Macroblock* mb, Area area, int part, int parity) {
  uint32_t second = 0;
  for (int dir = 0; dir < 2; ++dir) {
    if (!uses(mb->s, dir)) continue;
    const Fields fields = {parity, mb->s->field_select[dir][part]};
    add_field_vector(mb, area, dir, part, fields, second);
    second = MGM_BLOCK_SECOND;
  }
}

/* One vector is sent, to the field of the same parity; that to the other follows from it. */
static void add_dual_prime(Macroblock* mb, Area area, int part, int parity) {
  add_field_vector(mb, area, 0, part, (Fields){parity, parity}, 0);
  add_field_vector(mb, area, 0, part + 2, (Fields){parity, !parity},
                   MGM_BLOCK_DIRECT | MGM_BLOCK_SECOND);
}

static void add_in_field_picture(Macroblock* mb, Area area) {
  const int parity = mb->s->picture_structure == PICT_BOTTOM_FIELD;
  if (mb->s->mv_type == MV_TYPE_DMV) {
    add_dual_prime(mb, area, 0, parity);
  } else if (mb->s->mv_type == MV_TYPE_16X8) {
    add_field_part(mb, (Area){area.x, area.y - 8, 16, 16}, 0, parity);
    add_field_part(mb, (Area){area.x, area.y + 8, 16, 16}, 1, parity);
  } else {
    add_field_part(mb, area, 0, parity);
  }
}

static void add_in_frame_picture(Macroblock* mb, Area area, uint32_t type) {
  const int kind = mb->s->mv_type;
  if (kind == MV_TYPE_FIELD) {
    add_field_part(mb, area, 0, 0);
    add_field_part(mb, area, 1, 1);
  } else if (kind == MV_TYPE_DMV) {
    add_dual_prime(mb, area, 0, 0);
    add_dual_prime(mb, area, 1, 1);
  } else if (kind == MV_TYPE_8X8 && !IS_16X16(type)) { /* direct mode may repeat one vector */
    for (int i = 0; i < 4; ++i) {
      add_frame_part(mb, (Area){area.x - 4 + 8 * (i & 1), area.y - 4 + 4 * (i & 2), 8, 8}, i);
    }
  } else {
    add_frame_part(mb, area, 0);
  }
}

static int has_coefficients(const MpegEncContext* s) {
  const int* last = s->block_last_index; /* -1: the block is empty */
  int all = last[0] & last[1] & last[2] & last[3] & last[4] & last[5];
  for (int i = 6; i < 4 + (1 << s->chroma_format); ++i) all &= last[i];
  return all >= 0;
}

/* Global motion: libavcodec takes one from a negative shift of half-pixel accuracy (where it uses
 * the number to predict other vectors, not to move pixels). */
static int is_one_too_low(const MpegEncContext* s) {
  if (!s->mcsel || s->codec_id != AV_CODEC_ID_MPEG4) return 0;
  const Mpeg4DecContext* mpeg4 = s->avctx->priv_data;
  const int divides = mpeg4->divx_version == 500 && mpeg4->divx_build == 413 && !s->quarter_sample;
  return mpeg4->real_sprite_warping_points == 1 && mpeg4->sprite_warping_accuracy == 0 && !divides;
}

static void add_global(Macroblock* mb, Area area) {
  add_frame_part(mb, area, 0);
  if (!is_one_too_low(mb->s)) return;
  MgmBlock* block = mb->next - 1;
  if (block->motion_x < 0) ++block->motion_x;
  if (block->motion_y < 0) ++block->motion_y;
}

MgmBlock* mgm_mpegvideo_macroblock(const MpegEncContext* s, MgmPicture* picture, MgmBlock* next) {
  const uint32_t type = s->cur_pic.mb_type[s->mb_x + s->mb_y * s->mb_stride];
  const int in_field = s->picture_structure != PICT_FRAME;
  Macroblock mb = {.s = s, .picture = picture, .next = next};
  Area area = {s->mb_x * 16 + 8, s->mb_y * 16 + 8, 16, 16};
  if (in_field) {
    area.y = (s->mb_y & ~1) * 16 + 16;
    area.h = 32;
  }
  if (s->mb_intra) {
    const uint32_t field = in_field ? MGM_BLOCK_FIELD : 0;
    add_block(&mb, area, field | MGM_BLOCK_INTRA | MGM_BLOCK_CODED, 0, 0, 0);
    return mb.next;
  }
  if (IS_SKIP(type)) {
    mb.flags |= MGM_BLOCK_SKIP;
  } else if (has_coefficients(s)) {
    mb.flags |= MGM_BLOCK_CODED;
  }
  /* Global motion is sent once for the picture. */
  if ((s->mv_dir & MV_DIRECT) || s->mcsel) mb.flags |= MGM_BLOCK_DIRECT;
  if (in_field) {
    add_in_field_picture(&mb, area);
  } else if (s->mcsel) {
    add_global(&mb, area);
  } else {
    add_in_frame_picture(&mb, area, type);
  }
  return mb.next;
}

void mgm_mpegvideo_note(const MpegEncContext* s, MgmPicture* picture, MgmCell* cell) {
  const int in_field = s->picture_structure != PICT_FRAME;
  const int kind = s->mv_type;
  memset(cell, MGM_CELL_NONE, sizeof *cell);
  if (s->mb_intra) return;
  for (int dir = 0; dir < 2; ++dir) {
    if (!uses(s, dir)) continue;
    for (int half = 0; half < 2; ++half) { /* upper and lower row of 8x8 blocks */
      const int own = in_field ? s->picture_structure == PICT_BOTTOM_FIELD : half;
      const int part = in_field && kind == MV_TYPE_FIELD ? 0 : half;
      uint8_t reference;
      if (kind == MV_TYPE_DMV) {
        reference = field_reference(s, picture, dir, (Fields){own, own});
      } else if (in_field || kind == MV_TYPE_FIELD) {
        const Fields fields = {own, s->field_select[dir][part]};
        reference = field_reference(s, picture, dir, fields);
      } else {
        reference = frame_reference(s, picture, dir);
      }
      cell->reference[dir][2 * half] = (uint8_t)(MGM_CELL_FIRST + reference);
      cell->reference[dir][2 * half + 1] = (uint8_t)(MGM_CELL_FIRST + reference);
    }
  }
}
