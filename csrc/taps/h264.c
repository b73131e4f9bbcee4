/* H.264: ff_h264_hl_decode_mb runs once per macroblock with its vectors, references and types at
 * hand. In vectors-only decode it becomes empty: parsing never looks at pixels. The references of a
 * slice are looked up once, where the decoder has just made its lists. */
#include <libavcodec/mpegutils.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "h264_macroblock.h"
#include "tap.h"

void __real_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl);
void __wrap_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl);
void __real_ff_h264_direct_ref_list_init(const H264Context* h, H264SliceContext* sl);
void __wrap_ff_h264_direct_ref_list_init(const H264Context* h, H264SliceContext* sl);

/* Whose reference indices: those of frame macroblocks and of field pictures, or those of the top
 * and the bottom macroblock of a field pair in an MBAFF frame. */
enum { OWN, TOP, BOTTOM };

typedef struct Rows {
  uint32_t begin, end;
} Rows;

typedef struct State {
  MgmTarget targets[3][2][32]; /* by list and reference index */
  MgmPicture* picture;         /* of the current slice */
  Rows* rows;                  /* by macroblock of the current picture: what it left in the list */
  MgmCell* cells;              /* or, when libavcodec's rows are wanted, these; the picture's */
  size_t num_macroblocks;
  /* What is done with each macroblock. */
  void (*note)(struct State* state, const H264Context* h, const H264SliceContext* sl);
  int64_t serial; /* of the current picture */
  int reset;      /* the next picture begins another POC numbering */
  int no_pixels;  /* the slice is not reconstructed */
} State;

/* 1 for the field of a picture that is shown later, 0 for the earlier and where both are shown at
 * once. A field that was not decoded yet has the POC INT_MAX. */
static int is_later(const H264Picture* picture, int bottom) {
  return picture->field_poc[bottom] > picture->field_poc[!bottom];
}

/* A picture that stands in for one lost before this stream, of which only frame_num is known. */
static int is_gap(const H264Picture* picture) {
  return picture->field_poc[0] == INT_MAX && picture->field_poc[1] == INT_MAX;
}

static uint8_t add_lost(const H264Context* h, MgmPicture* picture, const H264Picture* lost) {
  /* Where nothing is reordered, frame_num counts frames. */
  const int most = 1 << h->ps.sps->log2_max_frame_num;
  const int back = (h->cur_pic_ptr->frame_num - lost->frame_num) & (most - 1);
  if (h->avctx->has_b_frames > 0 || back < 1 || back > H264_MAX_DPB_FRAMES) return 0;
  return mgm_add_reference(picture, picture, MGM_NO_POC, (int8_t)(-2 * back));
}

/* bottom: the parity of the field that refers, -1 where frames refer to frames. */
static MgmTarget find_target(const H264Context* h, MgmPicture* picture, const H264Ref* ref,
                             int bottom, uint8_t flags) {
  const H264Picture* parent = ref->parent;
  MgmTarget target = {.flags = flags};
  if (!parent || !parent->f) return target;
  if (is_gap(parent)) {
    target.reference = add_lost(h, picture, parent);
    return target;
  }
  int half = 0;
  if (bottom >= 0) {
    const int refers_to_bottom = (ref->reference & PICT_FRAME) == PICT_BOTTOM_FIELD;
    half = is_later(parent, refers_to_bottom) - is_later(h->cur_pic_ptr, bottom);
    target.rise = (int8_t)(4 * (refers_to_bottom - bottom));
  }
  target.reference = mgm_add_reference(picture, mgm_picture(parent->f), parent->poc, (int8_t)half);
  return target;
}

/* Whether slices scale or shift what they take from this entry of a list. */
static int is_weighted(const H264SliceContext* sl, unsigned list, unsigned entry) {
  const int* luma = sl->pwt.luma_weight[entry][list];
  return sl->pwt.use_weight == 1 &&
         (luma[0] != 1 << sl->pwt.luma_log2_weight_denom || luma[1] != 0);
}

static void find_targets(State* state, const H264Context* h, const H264SliceContext* sl) {
  MgmPicture* picture = state->picture;
  memset(state->targets, 0, sizeof state->targets);
  const int bottom = FIELD_PICTURE(h) ? h->picture_structure == PICT_BOTTOM_FIELD : -1;
  for (unsigned list = 0; list < sl->list_count; ++list) {
    const H264Ref* refs = sl->ref_list[list];
    for (unsigned i = 0; i < FFMIN(sl->ref_count[list], 32); ++i) {
      const uint8_t flags = is_weighted(sl, list, i) ? MGM_BLOCK_BLENDED : 0;
      state->targets[OWN][list][i] = find_target(h, picture, &refs[i], bottom, flags);
      if (!FRAME_MBAFF(h) || i >= 16) continue;
      /* The even index of a field macroblock means the field of its own parity. */
      for (unsigned n = 2 * i; n < 2 * i + 2; ++n) {
        state->targets[TOP][list][n] = find_target(h, picture, &refs[16 + n], 0, flags);
        state->targets[BOTTOM][list][n] = find_target(h, picture, &refs[16 + (n ^ 1)], 1, flags);
      }
    }
  }
}

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

static void begin_picture(MgmTap* tap, State* state, const H264Context* h, MgmPicture* picture) {
  /* Both fields of a frame come by here. */
  if (state->serial == picture->serial) return;
  state->serial = picture->serial;
  if (h->picture_idr || state->reset) ++tap->sequence;
  state->reset = 0;
  picture->sequence = tap->sequence;
  mgm_add_reference(picture, NULL, MGM_NO_POC, 0);
  const size_t num_macroblocks = (size_t)h->mb_stride * (size_t)h->mb_height;
  state->cells = tap->export_rows ? mgm_export_cells(picture, num_macroblocks) : NULL;
  if (!tap->export_rows && begin_rows(state, num_macroblocks) < 0) picture->failed = 1;
}

static void begin_slice(MgmTap* tap, const H264Context* h, const H264SliceContext* sl) {
  State* state = tap->state;
  MgmPicture* picture = mgm_picture(h->cur_pic_ptr->f);
  state->picture = picture;
  if (!picture) return;
  begin_picture(tap, state, h, picture);
  if (picture->failed) {
    state->picture = NULL;
    return;
  }
  const int num_mmco = !h->droppable && h->explicit_ref_marking ? h->nb_mmco : 0;
  for (int i = 0; i < num_mmco; ++i) state->reset |= h->mmco[i].opcode == MMCO_RESET;
  picture->has_poc = 1;
  picture->poc = h->cur_pic_ptr->poc;
  find_targets(state, h, sl);
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

void __wrap_ff_h264_direct_ref_list_init(const H264Context* h, H264SliceContext* sl) {
  __real_ff_h264_direct_ref_list_init(h, sl);
  MgmTap* tap = mgm_tap(h->avctx);
  if (!tap) return;
  choose_pixels(tap, tap->state, h, sl);
  begin_slice(tap, h, sl);
}

/* The same macroblock again, from a slice that overlaps another: what it shows is the later one. */
static av_noinline void drop_rows(MgmPicture* picture, Rows rows) {
  for (uint32_t i = rows.begin; i < rows.end; ++i) {
    picture->blocks[i] = (MgmBlock){.flags = MGM_BLOCK_INTRA};
  }
}

static const MgmTarget (*targets_of(const State* state, const H264SliceContext* sl))[32] {
  return state->targets[!MB_MBAFF(sl) ? OWN : sl->mb_y & 1 ? BOTTOM : TOP];
}

static uint8_t cell_of(const MgmTarget* targets, int8_t ref) {
  return (uint8_t)(ref < 0 ? MGM_CELL_NONE : MGM_CELL_FIRST + targets[ref & 31].reference);
}

static av_noinline void note_references(State* state, const H264Context* h,
                                        const H264SliceContext* sl) {
  const MgmTarget(*targets)[32] = targets_of(state, sl);
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

/* All that is done per macroblock, in one function. */
static av_noinline void note_blocks(State* state, const H264Context* h,
                                    const H264SliceContext* sl) {
  MgmPicture* picture = state->picture;
  if (mgm_reserve_blocks(picture, MGM_H264_MOST_BLOCKS) < 0) return;
  Rows* rows = &state->rows[sl->mb_xy];
  if (rows->end) drop_rows(picture, *rows);
  picture->tapped = 1;
  const size_t begin = picture->num_blocks;
  const MgmBlock* end = mgm_h264_macroblock(h, sl, targets_of(state, sl), picture->blocks + begin);
  picture->num_blocks = (size_t)(end - picture->blocks);
  *rows = (Rows){(uint32_t)begin, (uint32_t)picture->num_blocks};
}

void __wrap_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl) {
  const MgmTap* tap = mgm_tap(h->avctx);
  State* state = tap ? tap->state : NULL;
  if (state && state->picture) {
    /* Before the real call, which renumbers the references of field macroblocks. */
    state->note(state, h, sl);
    if (state->no_pixels) return;
  }
  __real_ff_h264_hl_decode_mb(h, sl);
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
  state->note = tap->export_rows ? note_references : note_blocks;
  tap->state = state;
  return 0;
}

static void close_tap(MgmTap* tap) {
  State* state = tap->state;
  if (state) free(state->rows);
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
