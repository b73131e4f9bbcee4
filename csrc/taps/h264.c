/* H.264: ff_h264_hl_decode_mb runs once per macroblock with its vectors, references and types at
 * hand. In vectors-only decode it becomes empty: parsing never looks at pixels. */
#include <libavcodec/h264dec.h>
#include <libavcodec/mpegutils.h>

#include "tap.h"

void __real_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl);
void __wrap_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl);

typedef struct Macroblock {
  const H264Context* h;
  const H264SliceContext* sl;
  MgmPicture* picture;
  int field;  /* covers every second line of a macroblock pair */
  int bottom; /* of which field, when field */
  uint8_t flags;
} Macroblock;

static uint8_t add_reference(const Macroblock* mb, int list, int ref) {
  const H264Context* h = mb->h;
  const int mbaff_field = MB_MBAFF(mb->sl);
  /* A field macroblock of an MBAFF picture counts fields: even references have its own parity. */
  const int index = mbaff_field ? 16 + (ref ^ (mb->sl->mb_y & 1)) : ref;
  const H264Ref* target = &mb->sl->ref_list[list][index];
  if (!target->parent) return mgm_add_reference(mb->picture, NULL, MGM_NO_POC, 0);
  int half = 0;
  if (mb->field) {
    const int bottom_later = h->cur_pic_ptr->field_poc[1] >= h->cur_pic_ptr->field_poc[0];
    half = ((target->reference & PICT_FRAME) == PICT_BOTTOM_FIELD) - mb->bottom;
    if (!bottom_later) half = -half;
  }
  return mgm_add_reference(mb->picture, mgm_picture(target->parent->f), target->parent->poc,
                           (int8_t)half);
}

/* One partition: its first 4x4 block n (whose cache entry alone is certain to hold the reference),
 * place and size in the macroblock. */
static void add_partition(const Macroblock* mb, int type, int part, int n, int x, int y, int w,
                          int h, uint8_t flags) {
  uint8_t second = 0;
  for (int list = 0; list < 2; ++list) {
    if (!IS_DIR(type, part, list)) continue;
    const int ref = mb->sl->ref_cache[list][scan8[n]];
    if (ref < 0) continue;
    const int16_t* motion = mb->sl->mv_cache[list][scan8[n]];
    const int top = mb->field ? (mb->sl->mb_y & ~1) * 16 : mb->sl->mb_y * 16;
    mgm_add_block(mb->picture,
                  (MgmBlock){
                      .x = (int16_t)(mb->sl->mb_x * 16 + x + w / 2),
                      .y = (int16_t)(top + ((y + h / 2) << mb->field)),
                      .w = (uint8_t)w,
                      .h = (uint8_t)(h << mb->field),
                      .flags = (uint8_t)(mb->flags | flags | second | (list ? MGM_BLOCK_LIST1 : 0)),
                      .reference = add_reference(mb, list, ref),
                      .motion_x = motion[0],
                      .motion_y = motion[1] * (1 << mb->field),
                  });
    second = MGM_BLOCK_SECOND;
  }
}

static void add_sub_macroblock(const Macroblock* mb, int i) {
  const int type = mb->sl->sub_mb_type[i];
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

static void add_inter(const Macroblock* mb, int type) {
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

static void add_intra(const Macroblock* mb) {
  const int top = mb->field ? (mb->sl->mb_y & ~1) * 16 : mb->sl->mb_y * 16;
  mgm_add_block(mb->picture, (MgmBlock){
                                 .x = (int16_t)(mb->sl->mb_x * 16 + 8),
                                 .y = (int16_t)(top + (8 << mb->field)),
                                 .w = 16,
                                 .h = (uint8_t)(16 << mb->field),
                                 .flags = (uint8_t)(mb->flags | MGM_BLOCK_INTRA | MGM_BLOCK_CODED),
                             });
}

static void add_macroblock(const H264Context* h, const H264SliceContext* sl, MgmPicture* picture) {
  const int type = (int)h->cur_pic.mb_type[sl->mb_xy];
  const int field = MB_FIELD(sl) || FIELD_PICTURE(h);
  Macroblock mb = {.h = h, .sl = sl, .picture = picture, .field = field};
  mb.bottom = FIELD_PICTURE(h) ? h->picture_structure == PICT_BOTTOM_FIELD : sl->mb_y & 1;
  mb.flags = field ? MGM_BLOCK_FIELD : 0;
  picture->tapped = 1;
  picture->has_poc = 1;
  picture->poc = h->cur_pic_ptr->poc;
  if (IS_INTRA(type)) {
    add_intra(&mb);
    return;
  }
  if (IS_SKIP(type)) {
    mb.flags |= MGM_BLOCK_SKIP;
  } else if (sl->cbp & 63) {
    mb.flags |= MGM_BLOCK_CODED;
  }
  if (IS_DIRECT(type)) mb.flags |= MGM_BLOCK_DIRECT;
  add_inter(&mb, type);
}

void __wrap_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl) {
  const MgmTap* tap = mgm_tap(h->avctx);
  if (!tap) {
    __real_ff_h264_hl_decode_mb(h, sl);
    return;
  }
  /* Before the real call, which renumbers the references of field macroblocks. */
  MgmPicture* picture = mgm_picture(h->cur_pic_ptr->f);
  if (picture) add_macroblock(h, sl, picture);
  if (!tap->vectors_only) __real_ff_h264_hl_decode_mb(h, sl);
}

static void set_vectors_only(AVCodecContext* context, MgmTap* tap, int on) {
  (void)tap;
  context->skip_loop_filter = on ? AVDISCARD_ALL : AVDISCARD_DEFAULT;
}

const MgmCodec mgm_codec_h264 = {
    .id = AV_CODEC_ID_H264,
    .motion_scale = 4,
    .set_vectors_only = set_vectors_only,
};
