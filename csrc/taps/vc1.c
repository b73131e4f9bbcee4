/* VC-1 and WMV3. libavcodec's export knows these codecs and gives no row: their macroblock types
 * lack the directions. The vectors are taken where motion is compensated, which always runs: it
 * also stores what B-frames read. */
#include <libavcodec/mpegutils.h>
#include <libavcodec/vc1.h>

#include "tap.h"

void __real_ff_vc1_decode_blocks(VC1Context* v);
void __wrap_ff_vc1_decode_blocks(VC1Context* v);
void __real_ff_vc1_mc_1mv(VC1Context* v, int dir);
void __wrap_ff_vc1_mc_1mv(VC1Context* v, int dir);
void __real_ff_vc1_interp_mc(VC1Context* v);
void __wrap_ff_vc1_interp_mc(VC1Context* v);
void __real_ff_vc1_mc_4mv_luma(VC1Context* v, int n, int dir, int avg);
void __wrap_ff_vc1_mc_4mv_luma(VC1Context* v, int n, int dir, int avg);

static MgmPicture* wanted_picture(const VC1Context* v) {
  const MgmTap* tap = mgm_tap(v->s.avctx);
  const int wanted = tap && !tap->export_rows && v->s.cur_pic.ptr;
  return wanted ? mgm_picture(v->s.cur_pic.ptr->f) : NULL;
}

static uint8_t add_reference(const VC1Context* v, MgmPicture* picture, int dir, int own,
                             int source) {
  const MpegEncContext* s = &v->s;
  const int half = v->tff ? source - own : own - source;
  const int own_first_field = v->field_mode && v->second_field && !dir && own != source;
  const MPVPicture* target = own_first_field ? s->cur_pic.ptr
                             : dir           ? s->next_pic.ptr
                                             : s->last_pic.ptr;
  const int known = target && !target->dummy;
  if (!known) picture->concealed = 1; /* decoding began at what is no key picture */
  return mgm_add_reference(picture, known ? mgm_picture(target->f) : NULL, MGM_NO_POC,
                           (int8_t)half);
}

/* x, y, w and h in lines of the field or frame that is being decoded. */
static MgmBlock make_block(const VC1Context* v, int x, int y, int size) {
  const int fields = v->field_mode;
  return (MgmBlock){
      .x = (int16_t)(x + size / 2),
      .y = (int16_t)((y + size / 2) << fields),
      .w = (uint8_t)size,
      .h = (uint8_t)(size << fields),
      .flags = fields ? MGM_BLOCK_FIELD : 0,
  };
}

/* The vector n of the macroblock, of a block made. */
static void add_vector(const VC1Context* v, MgmPicture* picture, MgmBlock block, int n, int dir) {
  const int* motion = v->s.mv[dir][n];
  int own = 0, source = 0;
  block.motion_x = motion[0];
  block.motion_y = motion[1];
  if (v->field_mode) {
    /* Vectors to the other field count from the same place in the picture, not the same line. */
    block.motion_y *= 2;
    own = v->cur_field_type;
    source = v->ref_field_type[dir];
  } else if (block.flags & MGM_BLOCK_FIELD) {
    own = n > 1;
    source = (own + (motion[1] >> 2)) & 1;
  }
  if (dir) block.flags |= MGM_BLOCK_LIST1;
  block.reference = add_reference(v, picture, dir, own, source);
  mgm_add_block(picture, block);
}

static void mark_second(MgmPicture* picture) {
  MgmBlock* block = picture->blocks + picture->num_blocks;
  if (picture->num_blocks < 2) return;
  const int same = block[-1].x == block[-2].x && block[-1].y == block[-2].y;
  if (same && block[-1].w == block[-2].w) block[-1].flags |= MGM_BLOCK_SECOND;
}

static MgmBlock whole_macroblock(const VC1Context* v) {
  const MpegEncContext* s = &v->s;
  MgmBlock block = make_block(v, s->mb_x * 16, s->mb_y * 16, 16);
  const uint32_t type = s->cur_pic.mb_type[s->mb_x + s->mb_y * s->mb_stride];
  const int tells = s->pict_type == AV_PICTURE_TYPE_P && v->fcm == PROGRESSIVE;
  if (tells && IS_SKIP(type)) block.flags |= MGM_BLOCK_SKIP;
  return block;
}

void __wrap_ff_vc1_mc_1mv(VC1Context* v, int dir) {
  MgmPicture* picture = wanted_picture(v);
  if (picture) add_vector(v, picture, whole_macroblock(v), 0, dir);
  __real_ff_vc1_mc_1mv(v, dir);
}

void __wrap_ff_vc1_interp_mc(VC1Context* v) {
  MgmPicture* picture = wanted_picture(v);
  if (picture) {
    add_vector(v, picture, whole_macroblock(v), 0, 1);
    mark_second(picture);
  }
  __real_ff_vc1_interp_mc(v);
}

void __wrap_ff_vc1_mc_4mv_luma(VC1Context* v, int n, int dir, int avg) {
  MgmPicture* picture = wanted_picture(v);
  if (picture) {
    const MpegEncContext* s = &v->s;
    const int x = s->mb_x * 16 + 8 * (n & 1);
    MgmBlock block = make_block(v, x, s->mb_y * 16 + 4 * (n & 2), 8);
    if (v->fcm == ILACE_FRAME && v->blk_mv_type[s->block_index[n]]) {
      block.y = (int16_t)(s->mb_y * 16 + 8);
      block.h = 16;
      block.flags |= MGM_BLOCK_FIELD;
    }
    add_vector(v, picture, block, n, dir);
    if (avg) mark_second(picture);
  }
  __real_ff_vc1_mc_4mv_luma(v, n, dir, avg);
}

static void add_intra(const VC1Context* v, MgmPicture* picture, int x, int y, int size) {
  MgmBlock block = make_block(v, x, y, size);
  block.flags |= MGM_BLOCK_INTRA | MGM_BLOCK_CODED;
  mgm_add_block(picture, block);
}

static void add_intra_of(const VC1Context* v, MgmPicture* picture, int mb_x, int mb_y, int all) {
  const ptrdiff_t stride = v->s.b8_stride;
  const uint8_t* intra = v->mb_type[0] + 2 * mb_x + 2 * mb_y * stride;
  if (all || (intra[0] && intra[1] && intra[stride] && intra[stride + 1])) {
    add_intra(v, picture, mb_x * 16, mb_y * 16, 16);
    return;
  }
  for (int i = 0; i < 4; ++i) {
    if (!intra[(i & 1) + (i >> 1) * stride]) continue;
    add_intra(v, picture, mb_x * 16 + 8 * (i & 1), mb_y * 16 + 4 * (i & 2), 8);
  }
}

/* A picture without data shows the one before. */
static void add_skipped(const VC1Context* v, MgmPicture* picture, int mb_x, int mb_y) {
  MgmBlock block = make_block(v, mb_x * 16, mb_y * 16, 16);
  block.flags |= MGM_BLOCK_SKIP;
  block.reference = add_reference(v, picture, 0, 0, 0);
  mgm_add_block(picture, block);
}

void __wrap_ff_vc1_decode_blocks(VC1Context* v) {
  const MpegEncContext* s = &v->s;
  MgmPicture* picture = wanted_picture(v);
  if (picture) {
    picture->tapped = 1;
    picture->motion_scale = 4; /* half-pixel vectors are stored in quarters, too */
  }
  __real_ff_vc1_decode_blocks(v);
  if (!picture) return;
  const int skipped = s->pict_type == AV_PICTURE_TYPE_P && v->p_frame_skipped;
  const int intra = s->pict_type == AV_PICTURE_TYPE_I || v->bi_type;
  for (int mb_y = s->start_mb_y; mb_y < s->end_mb_y; ++mb_y) {
    for (int mb_x = 0; mb_x < s->mb_width; ++mb_x) {
      if (skipped) {
        add_skipped(v, picture, mb_x, mb_y);
      } else {
        add_intra_of(v, picture, mb_x, mb_y, intra);
      }
    }
  }
}

static int open_tap(AVCodecContext* context, MgmTap* tap) {
  (void)tap;
  context->error_concealment = FF_EC_GUESS_MVS; /* counts what is missing; see mpegvideo.c */
  return 0;
}

static const enum AVCodecID ids[] = {AV_CODEC_ID_VC1, AV_CODEC_ID_WMV3, AV_CODEC_ID_NONE};

const MgmCodec mgm_codec_vc1 = {
    .ids = ids,
    .motion_scale = 4,
    .open = open_tap,
};
