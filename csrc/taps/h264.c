/* H.264: ff_h264_hl_decode_mb runs once per macroblock with its vectors, references and types at
 * hand. In vectors-only decode it becomes empty: parsing never looks at pixels. The references of a
 * slice are looked up once, where the decoder has just made its lists. Slices that nobody wants can
 * be left unread: of other pictures a slice needs the motion of one alone, the first in list 1. Of
 * those that are intra all over it needs nothing. */
#include <libavcodec/mpegutils.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "h264_cover.h"
#include "h264_macroblock.h"
#include "h264_references.h"
#include "h264_rows.h"
#include "h264_unread.h"
#include "tap.h"

void __real_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl);
void __wrap_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl);
int __real_ff_h264_execute_decode_slices(H264Context* h);
int __wrap_ff_h264_execute_decode_slices(H264Context* h);
void __real_ff_h264_direct_ref_list_init(const H264Context* h, H264SliceContext* sl);
void __wrap_ff_h264_direct_ref_list_init(const H264Context* h, H264SliceContext* sl);

struct State;
typedef void Note(const H264Context* h, const H264SliceContext* sl, struct State* state);

typedef struct State {
  MgmTargets targets;
  MgmPicture* picture; /* of the current slice */
  MgmH264Rows rows;
  MgmH264Cover cover;
  MgmCell* cells; /* where libavcodec's rows are wanted; the picture's */
  Note* note;     /* what is done with each macroblock */
  int64_t serial; /* of the current picture */
  int reset;      /* the next picture begins another POC numbering */
  int no_pixels;  /* the slice is not reconstructed */
} State;

static void begin_picture(MgmTap* tap, State* state, const H264Context* h,
                          const H264SliceContext* sl, MgmPicture* picture) {
  /* Both fields of a frame come by here. */
  if (state->serial == picture->serial) return;
  state->serial = picture->serial;
  if (h->picture_idr || state->reset) ++tap->sequence;
  state->reset = 0;
  picture->sequence = tap->sequence;
  mgm_add_reference(picture, NULL, MGM_NO_POC, 0);
  const size_t num_macroblocks = (size_t)h->mb_stride * (size_t)h->mb_height;
  state->cells = tap->export_rows ? mgm_export_cells(picture, num_macroblocks) : NULL;
  state->rows.kept = 0;
  const int intra = tap->pass_intra && mgm_h264_begins_intra(h, sl);
  mgm_h264_begin_cover(&state->cover, h, picture, intra);
}

static void begin_slice(MgmTap* tap, const H264Context* h, const H264SliceContext* sl) {
  State* state = tap->state;
  MgmPicture* picture = mgm_picture(h->cur_pic_ptr->f);
  state->picture = picture;
  if (!picture) return;
  begin_picture(tap, state, h, sl, picture);
  state->cover.intra &= sl->slice_type_nos == AV_PICTURE_TYPE_I;
  const int plain = state->rows.kept || tap->export_rows ||
                    (!FIELD_OR_MBAFF_PICTURE(h) && mgm_h264_is_next(picture, sl));
  if (!plain && mgm_h264_keep_rows(&state->rows, h, picture) < 0) picture->failed = 1;
  if (picture->failed) {
    state->picture = NULL;
    return;
  }
  const int num_mmco = !h->droppable && h->explicit_ref_marking ? h->nb_mmco : 0;
  for (int i = 0; i < num_mmco; ++i) state->reset |= h->mmco[i].opcode == MMCO_RESET;
  picture->unread |= (uint8_t)tap->skip_blocks;
  const H264Picture* beside = sl->list_count == 2 ? sl->ref_list[1][0].parent : NULL;
  const MgmPicture* colocated = beside && beside->f ? mgm_picture(beside->f) : NULL;
  tap->missed |= !tap->skip_blocks && colocated && colocated->unread;
  picture->has_poc = 1;
  picture->poc = h->cur_pic_ptr->poc;
  mgm_h264_find_targets(state->targets, h, sl, picture);
}

static void choose_pixels(const MgmTap* tap, State* state, const H264Context* h,
                          H264SliceContext* sl) {
  const int no_pixels = tap->vectors_only || (tap->vectors_only_unreferenced && h->droppable);
  if (state->no_pixels && !no_pixels) {
    /* Reconstruction finds its coefficients zeroed, as it leaves them. */
    memset(sl->mb, 0, sizeof sl->mb);
    memset(sl->mb_luma_dc, 0, sizeof sl->mb_luma_dc);
  }
  state->no_pixels = no_pixels;
}

static uint8_t cell_of(const MgmTarget* targets, int8_t ref) {
  return (uint8_t)(ref < 0 ? MGM_CELL_NONE : MGM_CELL_FIRST + targets[ref & 31].reference);
}

static void note_references(const H264Context* h, const H264SliceContext* sl, State* state) {
  MgmTarget(*targets)[32] = state->targets[mgm_h264_whose(sl)];
  MgmCell* cell = &state->cells[sl->mb_xy];
  state->picture->tapped = 1;
  memset(cell, MGM_CELL_NONE, sizeof *cell);
  if (IS_INTRA(h->cur_pic.mb_type[sl->mb_xy])) return;
  for (unsigned list = 0; list < sl->list_count; ++list) {
    const int8_t* refs = &h->cur_pic.ref_index[list][4 * sl->mb_xy];
    for (int i = 0; i < 4; ++i) {
      cell->reference[list][i] = cell_of(targets[list], refs[i]);
    }
  }
}

/* Returns how many of them there are. */
static av_always_inline size_t note_blocks(const H264Context* h, const H264SliceContext* sl,
                                           State* state, int interlaced) {
  MgmPicture* picture = state->picture;
  if (mgm_reserve_blocks(picture, MGM_H264_MOST_BLOCKS) < 0) return 0;
  picture->tapped = 1;
  const int whose = interlaced ? mgm_h264_whose(sl) : MGM_H264_OWN;
  MgmBlock* begin = picture->blocks + picture->num_blocks;
  const MgmBlock* end = mgm_h264_macroblock(h, sl, state->targets[whose], begin, interlaced);
  const size_t count = (size_t)(end - begin);
  picture->num_blocks += count;
  return count;
}

static av_noinline void note_any(const H264Context* h, const H264SliceContext* sl, State* state) {
  note_blocks(h, sl, state, 0);
}

/* Fields, and what may come again. */
static void note_again(const H264Context* h, const H264SliceContext* sl, State* state) {
  const size_t count = note_blocks(h, sl, state, 1);
  mgm_h264_replace_rows(&state->rows, state->picture, sl->mb_xy, count);
}

static av_always_inline void note_one_vector(const H264SliceContext* sl, State* state,
                                             uint32_t type, int list) {
  MgmPicture* picture = state->picture;
  MgmBlock* next = picture->blocks + picture->num_blocks;
  picture->tapped = 1;
  picture->num_blocks +=
      mgm_h264_one_vector(sl, type, list, state->targets[MGM_H264_OWN], next) != next;
}

/* A frame's, each once. What most macroblocks are is done in as few instructions as it takes. */
static void note_ordered(const H264Context* h, const H264SliceContext* sl, State* state) {
  const MgmPicture* picture = state->picture;
  const uint32_t type = h->cur_pic.mb_type[sl->mb_xy];
  if (picture->num_blocks == picture->max_blocks) {
    note_any(h, sl, state);
  } else if (mgm_h264_is_one_vector(type, 0)) {
    note_one_vector(sl, state, type, 0);
  } else if (mgm_h264_is_one_vector(type, 1)) {
    note_one_vector(sl, state, type, 1);
  } else {
    note_any(h, sl, state);
  }
}

static void note_nothing(const H264Context* h, const H264SliceContext* sl, State* state) {
  (void)h;
  (void)sl;
  (void)state;
}

static Note* note_for(const MgmTap* tap, const State* state) {
  if (!state->picture) return note_nothing;
  if (tap->export_rows) return note_references;
  return state->rows.kept ? note_again : note_ordered;
}

void __wrap_ff_h264_direct_ref_list_init(const H264Context* h, H264SliceContext* sl) {
  __real_ff_h264_direct_ref_list_init(h, sl);
  MgmTap* tap = mgm_tap(h->avctx);
  if (!tap) return;
  State* state = tap->state;
  choose_pixels(tap, state, h, sl);
  begin_slice(tap, h, sl);
  state->note = note_for(tap, state);
}

static av_noinline void note_and_decode(const H264Context* h, H264SliceContext* sl, State* state) {
  /* Before the real call, which renumbers the references of field macroblocks. */
  state->note(h, sl, state);
  __real_ff_h264_hl_decode_mb(h, sl);
}

void __wrap_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl) {
  const MgmTap* tap = mgm_tap(h->avctx);
  if (!tap) {
    __real_ff_h264_hl_decode_mb(h, sl);
    return;
  }
  State* state = tap->state;
  if (state->no_pixels) {
    state->note(h, sl, state);
  } else {
    note_and_decode(h, sl, state);
  }
}

/* One thread: one slice each time. */
int __wrap_ff_h264_execute_decode_slices(H264Context* h) {
  const MgmTap* tap = mgm_tap(h->avctx);
  if (!tap || h->nb_slice_ctx_queued != 1) return __real_ff_h264_execute_decode_slices(h);
  State* state = tap->state;
  const int unread = tap->skip_blocks || (state->cover.intra && tap->vectors_only);
  if (unread) return mgm_h264_leave_unread(h, state->picture);
  const int begin = mgm_h264_place(h, &h->slice_ctx[0]);
  const int status = __real_ff_h264_execute_decode_slices(h);
  h->er.error_occurred = 0; /* said of every slice but the first while concealment is off */
  if (state->picture) mgm_h264_cover(&state->cover, h, state->picture, begin, status);
  return status;
}

static void set_vectors_only(AVCodecContext* context, MgmTap* tap, int on) {
  const int unreferenced = tap->vectors_only_unreferenced;
  context->skip_loop_filter = on             ? AVDISCARD_ALL
                              : unreferenced ? AVDISCARD_NONREF
                                             : AVDISCARD_DEFAULT;
  /* With this, film grain is described instead of drawn. */
  if (on) {
    context->export_side_data |= AV_CODEC_EXPORT_DATA_FILM_GRAIN;
  } else {
    context->export_side_data &= ~AV_CODEC_EXPORT_DATA_FILM_GRAIN;
  }
}

static int open_tap(AVCodecContext* context, MgmTap* tap) {
  (void)context;
  State* state = calloc(1, sizeof *state);
  if (!state) return AVERROR(ENOMEM);
  state->serial = -1;
  tap->state = state;
  return 0;
}

static void close_tap(MgmTap* tap) {
  State* state = tap->state;
  if (state) free(state->rows.packed);
  free(state);
  tap->state = NULL;
}

const MgmCodec mgm_codec_h264 = {
    .id = AV_CODEC_ID_H264,
    .motion_scale = 4,
    .open = open_tap,
    .close = close_tap,
    .set_vectors_only = set_vectors_only,
};
