/* MPEG-1/2/4, H.261, H.263 and its kin by Microsoft, Sorenson and Real: ff_mpv_reconstruct_mb runs
 * once per macroblock with its true vectors at hand, those of MPEG-4 B-frames included. In
 * vectors-only decode it keeps the tables that later parsing reads and leaves the pixels alone. */
#include <libavcodec/error_resilience.h>
#include <libavcodec/mpeg4videodec.h>
#include <libavcodec/mpeg_er.h>
#include <libavcodec/mpegvideo.h>
#include <libavcodec/mpegvideodec.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "mpegvideo_costs.h"
#include "mpegvideo_energy.h"
#include "mpegvideo_macroblock.h"
#include "mpegvideo_unread.h"
#include "tap.h"

void __real_ff_mpv_reconstruct_mb(MpegEncContext* s, int16_t block[12][64]);
void __wrap_ff_mpv_reconstruct_mb(MpegEncContext* s, int16_t block[12][64]);
void __real_ff_init_block_index(MpegEncContext* s);
void __wrap_ff_init_block_index(MpegEncContext* s);
void __real_ff_h263_loop_filter(MpegEncContext* s);
void __wrap_ff_h263_loop_filter(MpegEncContext* s);
void __real_ff_er_frame_end(ERContext* er, int* decode_error_flags);
void __wrap_ff_er_frame_end(ERContext* er, int* decode_error_flags);

void __real_ff_mpeg_er_frame_start(MpegEncContext* s);
void __wrap_ff_mpeg_er_frame_start(MpegEncContext* s);
void __real_ff_mpv_frame_end(MpegEncContext* s);
void __wrap_ff_mpv_frame_end(MpegEncContext* s);

extern const MgmCodec mgm_codec_mpegvideo;

int __real_ff_mpeg4_decode_picture_header(Mpeg4DecContext* ctx, GetBitContext* gb, int header,
                                          int parse_only);
int __wrap_ff_mpeg4_decode_picture_header(Mpeg4DecContext* ctx, GetBitContext* gb, int header,
                                          int parse_only);

typedef struct Rows {
  uint32_t begin, end;
} Rows;

typedef struct State {
  Rows* rows; /* by macroblock of the current picture: its place in the list */
  MgmMpegvideoCosts costs;
  MgmCell* cells; /* or, when libavcodec's rows are wanted, these; the picture's */
  size_t num_macroblocks;
  int num_seen;   /* different macroblocks of the current picture */
  int64_t serial; /* of the current picture */
  MgmMpegvideoUnread unread;
} State;

static int begin_rows(State* state, size_t num_macroblocks) {
  if (state->num_macroblocks != num_macroblocks) {
    free(state->rows);
    state->rows = malloc(num_macroblocks * sizeof *state->rows);
    state->num_macroblocks = state->rows ? num_macroblocks : 0;
  }
  if (!state->rows) return AVERROR(ENOMEM);
  memset(state->rows, 0, num_macroblocks * sizeof *state->rows);
  return 0;
}

static void begin_picture(const MgmTap* tap, State* state, const MpegEncContext* s,
                          MgmPicture* picture) {
  const size_t num_macroblocks = (size_t)s->mb_stride * (size_t)s->mb_height;
  state->serial = picture->serial;
  state->num_seen = 0;
  picture->tapped = 1;
  picture->motion_scale = s->quarter_sample ? 4 : 2;
  if (tap->costs) mgm_mpegvideo_begin_costs(&state->costs, picture);
  mgm_count_energy(picture, 16);
  if (begin_rows(state, num_macroblocks) < 0) picture->failed = 1;
  state->cells = tap->export_rows ? mgm_export_cells(picture, num_macroblocks) : NULL;
}

/* A macroblock that left nothing yet. */
static void append_rows(const MpegEncContext* s, MgmPicture* picture, Rows* rows) {
  if (mgm_reserve_blocks(picture, MGM_MPEGVIDEO_MOST_BLOCKS) < 0) return;
  rows->begin = (uint32_t)picture->num_blocks;
  MgmBlock* next = picture->blocks + picture->num_blocks;
  next = mgm_mpegvideo_macroblock(s, picture, next);
  picture->num_blocks = (size_t)(next - picture->blocks);
  rows->end = (uint32_t)picture->num_blocks;
}

/* The same macroblock again, after damage: what it shows is the later one. It takes the place of
 * the one before, so that however often it comes the list does not grow. */
static void replace_rows(const MpegEncContext* s, MgmPicture* picture, Rows* rows) {
  MgmBlock blocks[MGM_MPEGVIDEO_MOST_BLOCKS];
  const size_t count = (size_t)(mgm_mpegvideo_macroblock(s, picture, blocks) - blocks);
  if (rows->end - rows->begin < count) {
    if (mgm_reserve_blocks(picture, MGM_MPEGVIDEO_MOST_BLOCKS) < 0) return;
    mgm_drop_blocks(picture->blocks + rows->begin, rows->end - rows->begin);
    rows->begin = (uint32_t)picture->num_blocks;
    rows->end = rows->begin + MGM_MPEGVIDEO_MOST_BLOCKS;
    picture->num_blocks = rows->end;
  }
  MgmBlock* place = picture->blocks + rows->begin;
  memcpy(place, blocks, count * sizeof *blocks);
  mgm_drop_blocks(place + count, rows->end - rows->begin - count);
}

static void add_macroblock(State* state, const MpegEncContext* s, MgmPicture* picture) {
  const size_t at = (size_t)s->mb_x + (size_t)s->mb_y * (size_t)s->mb_stride;
  if (at >= state->num_macroblocks) return;
  Rows* rows = &state->rows[at];
  if (!rows->end) ++state->num_seen;
  if (state->cells) {
    rows->end = 1;
    mgm_mpegvideo_note(s, picture, &state->cells[at]);
  } else if (rows->end) {
    replace_rows(s, picture, rows);
  } else {
    append_rows(s, picture, rows);
  }
}

/* The first thing after a decoder has begun a picture. */
void __wrap_ff_mpeg_er_frame_start(MpegEncContext* s) {
  __real_ff_mpeg_er_frame_start(s);
  MgmTap* tap = mgm_tap(s->avctx);
  MgmPicture* picture =
      tap && tap->codec == &mgm_codec_mpegvideo ? mgm_picture(s->cur_pic.ptr->f) : NULL;
  if (!picture) return;
  State* state = tap->state;
  mgm_mpegvideo_begin_unread(tap, &state->unread, s, picture);
}

/* What the parsing of later macroblocks needs of a reconstruction. */
static void keep_tables(MpegEncContext* s) {
  const int at = s->mb_x + s->mb_y * s->mb_stride;
  const int predicts_intra = s->out_format > FMT_H261 && (s->h263_pred || s->h263_aic);
  s->cur_pic.qscale_table[at] = (int8_t)s->qscale;
  if (s->mb_intra) {
    if (predicts_intra) s->mbintra_table[at] = 1;
  } else if (predicts_intra) {
    if (s->mbintra_table[at]) ff_clean_intra_table_entries(s);
  } else {
    s->last_dc[0] = s->last_dc[1] = s->last_dc[2] = 128 << s->intra_dc_precision;
  }
  s->mbskip_table[at] = s->mb_skipped || !s->cur_pic.reference;
  s->mb_skipped = 0;
}

/* Whether the current picture goes without pixels. */
static int skips_pixels(const MgmPicture* picture, const MpegEncContext* s) {
  return picture->vectors_only || (picture->vectors_only_unreferenced && !s->cur_pic.reference);
}

void __wrap_ff_mpv_reconstruct_mb(MpegEncContext* s, int16_t block[12][64]) {
  const MgmTap* tap = mgm_tap(s->avctx);
  MgmPicture* picture = tap ? mgm_picture(s->cur_pic.ptr->f) : NULL;
  if (picture) {
    State* state = tap->state;
    if (state->serial != picture->serial) begin_picture(tap, state, s, picture);
    mgm_mpegvideo_count(&state->costs, s);
    if (picture->energy.side) mgm_mpegvideo_energy(&picture->energy, s, block);
    add_macroblock(state, s, picture);
  }
  if (picture && skips_pixels(picture, s)) {
    keep_tables(s);
  } else {
    __real_ff_mpv_reconstruct_mb(s, block);
  }
}

/* VC-1's decoder has a tap of another kind. */
void __wrap_ff_init_block_index(MpegEncContext* s) {
  const MgmTap* tap = mgm_tap(s->avctx);
  __real_ff_init_block_index(s);
  if (tap && tap->codec == &mgm_codec_mpegvideo) {
    State* state = tap->state;
    mgm_mpegvideo_begin_row(&state->costs, s);
  }
}

void __wrap_ff_h263_loop_filter(MpegEncContext* s) {
  const MgmPicture* picture = mgm_tap(s->avctx) ? mgm_picture(s->cur_pic.ptr->f) : NULL;
  if (!picture || !skips_pixels(picture, s)) __real_ff_h263_loop_filter(s);
}

/* The first B-frame tells the time from field to field for good. One that lacks its past reference,
 * after a seek, would tell it wrongly, and no interlaced B-frame could be decoded any more. */
int __wrap_ff_mpeg4_decode_picture_header(Mpeg4DecContext* ctx, GetBitContext* gb, int header,
                                          int parse_only) {
  const int unknown = ctx->t_frame == 0;
  const int status = __real_ff_mpeg4_decode_picture_header(ctx, gb, header, parse_only);
  const MpegEncContext* s = &ctx->m;
  const int lacks_past = s->pict_type == AV_PICTURE_TYPE_B && !s->last_pic.ptr;
  if (unknown && lacks_past && s->avctx && mgm_tap(s->avctx)) ctx->t_frame = 0;
  return status;
}

/* Lines beyond the picture, which some encoders leave out. */
static int only_last_row_is_missing(const ERContext* er, int missing) {
  const int beyond = (er->avctx->height + 15) / 16 * 16 & 16;
  if (er->avctx->codec_id != AV_CODEC_ID_MPEG2VIDEO || !beyond || missing != 3 * er->mb_width) {
    return 0;
  }
  const uint8_t* row = er->error_status_table + (er->mb_height - 1) * er->mb_stride;
  for (int x = 0; x < er->mb_width; ++x) {
    if (row[x] != 0x7F) return 0;
  }
  return 1;
}

/* Slices of field pictures are not counted rightly, nor concealed by libavcodec. */
static int has_holes(const ERContext* er, const MgmTap* tap, const MgmPicture* picture) {
  const int missing = er->error_count;
  if (!er->cur_pic.field_picture) return missing && !only_last_row_is_missing(er, missing);
  if (tap->codec != &mgm_codec_mpegvideo) return 0;
  const State* state = tap->state;
  return state->serial != picture->serial || state->num_seen < er->mb_num;
}

/* Concealment would call the decoder back with invented vectors, and guesses from pixels: a tapped
 * decoder leaves the holes. */
void __wrap_ff_er_frame_end(ERContext* er, int* decode_error_flags) {
  const MgmTap* tap = mgm_tap(er->avctx);
  if (!tap) {
    __real_ff_er_frame_end(er, decode_error_flags);
    return;
  }
  MgmPicture* picture = mgm_picture(er->cur_pic.f);
  if (picture && !picture->unread && has_holes(er, tap, picture)) picture->concealed = 1;
}

/* Of H.261 nobody else counts what is missing. */
void __wrap_ff_mpv_frame_end(MpegEncContext* s) {
  const MgmTap* tap = mgm_tap(s->avctx);
  MgmPicture* picture =
      tap && s->codec_id == AV_CODEC_ID_H261 ? mgm_picture(s->cur_pic.ptr->f) : NULL;
  if (picture) {
    const State* state = tap->state;
    const int begun = state->serial == picture->serial;
    if (!begun || state->num_seen < s->mb_num) picture->concealed = 1;
  }
  __real_ff_mpv_frame_end(s);
}

static int open_tap(AVCodecContext* context, MgmTap* tap) {
  State* state = calloc(1, sizeof *state);
  if (!state) return AVERROR(ENOMEM);
  state->serial = -1;
  tap->state = state;
  context->error_concealment = FF_EC_GUESS_MVS; /* counts what is missing; see above */
  return 0;
}

static void close_tap(MgmTap* tap) {
  State* state = tap->state;
  if (state) free(state->rows);
  free(state);
  tap->state = NULL;
}

static const enum AVCodecID ids[] = {
    AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG4,     AV_CODEC_ID_H261,
    AV_CODEC_ID_H263,       AV_CODEC_ID_H263I,      AV_CODEC_ID_H263P,     AV_CODEC_ID_FLV1,
    AV_CODEC_ID_MSMPEG4V1,  AV_CODEC_ID_MSMPEG4V2,  AV_CODEC_ID_MSMPEG4V3, AV_CODEC_ID_WMV1,
    AV_CODEC_ID_WMV2,       AV_CODEC_ID_RV10,       AV_CODEC_ID_RV20,      AV_CODEC_ID_NONE,
};

const MgmCodec mgm_codec_mpegvideo = {
    .ids = ids,
    .motion_scale = 2,
    .leaves_pictures = 1,
    .counts_costs = mgm_mpegvideo_counts,
    .lacks_energy = mgm_mpegvideo_lacks_energy,
    .open = open_tap,
    .close = close_tap,
};
