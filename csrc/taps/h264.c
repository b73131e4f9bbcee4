/* H.264: ff_h264_hl_decode_mb runs once per macroblock with its vectors, references and types at
 * hand. In vectors-only decode it becomes empty: parsing never looks at pixels. The references of a
 * slice are looked up once, where the decoder has just made its lists. */
#include <libavcodec/mpegutils.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "h264_macroblock.h"
#include "h264_references.h"
#include "tap.h"

void __real_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl);
void __wrap_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl);
void __real_ff_h264_direct_ref_list_init(const H264Context* h, H264SliceContext* sl);
void __wrap_ff_h264_direct_ref_list_init(const H264Context* h, H264SliceContext* sl);

struct State;
typedef void Note(struct State* state, const H264Context* h, const H264SliceContext* sl);

typedef struct State {
  MgmTargets targets;
  MgmPicture* picture; /* of the current slice */
  uint32_t* rows;      /* by macroblock of the current picture: what it left in the list */
  MgmCell* cells;      /* or, when libavcodec's rows are wanted, these; the picture's */
  size_t num_macroblocks;
  Note* note;     /* what is done with each macroblock */
  int64_t serial; /* of the current picture */
  int reset;      /* the next picture begins another POC numbering */
  int no_pixels;  /* the slice is not reconstructed */
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

/* What a macroblock left in the list of blocks: where it begins (at most 1 << 26) and how many. */
static uint32_t pack_rows(size_t begin, size_t count) { return (uint32_t)(begin << 6 | count); }

/* The same macroblock again, from a slice that overlaps another: what it shows is the later one. */
static av_noinline void drop_rows(MgmPicture* picture, uint32_t rows) {
  MgmBlock* begin = picture->blocks + (rows >> 6);
  for (uint32_t i = 0; i < (rows & 63); ++i) begin[i] = (MgmBlock){.flags = MGM_BLOCK_INTRA};
}

static uint8_t cell_of(const MgmTarget* targets, int8_t ref) {
  return (uint8_t)(ref < 0 ? MGM_CELL_NONE : MGM_CELL_FIRST + targets[ref & 31].reference);
}

static void note_references(State* state, const H264Context* h, const H264SliceContext* sl) {
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

static av_always_inline void note_blocks(State* state, const H264Context* h,
                                         const H264SliceContext* sl, int interlaced) {
  MgmPicture* picture = state->picture;
  if (mgm_reserve_blocks(picture, MGM_H264_MOST_BLOCKS) < 0) return;
  uint32_t* rows = &state->rows[sl->mb_xy];
  if (*rows) drop_rows(picture, *rows);
  picture->tapped = 1;
  const int whose = interlaced ? mgm_h264_whose(sl) : MGM_H264_OWN;
  const size_t begin = picture->num_blocks;
  const MgmBlock* end =
      mgm_h264_macroblock(h, sl, state->targets[whose], picture->blocks + begin, interlaced);
  picture->num_blocks = (size_t)(end - picture->blocks);
  *rows = pack_rows(begin, picture->num_blocks - begin);
}

static av_noinline void note_frame_blocks(State* state, const H264Context* h,
                                          const H264SliceContext* sl) {
  note_blocks(state, h, sl, 0);
}

static void note_interlaced(State* state, const H264Context* h, const H264SliceContext* sl) {
  note_blocks(state, h, sl, 1);
}

/* What most macroblocks are, in as few instructions as it takes: one block, seen for the first
 * time, no field. */
static void note_progressive(State* state, const H264Context* h, const H264SliceContext* sl) {
  MgmPicture* picture = state->picture;
  uint32_t* rows = &state->rows[sl->mb_xy];
  const size_t begin = picture->num_blocks;
  const int plain = IS_16X16(h->cur_pic.mb_type[sl->mb_xy]) && !*rows;
  if (!plain || picture->max_blocks - begin < 2) {
    note_frame_blocks(state, h, sl);
    return;
  }
  picture->tapped = 1;
  const MgmBlock* end =
      mgm_h264_block_16x16(h, sl, state->targets[MGM_H264_OWN], picture->blocks + begin);
  picture->num_blocks = (size_t)(end - picture->blocks);
  *rows = pack_rows(begin, picture->num_blocks - begin);
}

static void note_nothing(State* state, const H264Context* h, const H264SliceContext* sl) {
  (void)state;
  (void)h;
  (void)sl;
}

static Note* note_for(const MgmTap* tap, const State* state, const H264Context* h) {
  if (!state->picture) return note_nothing;
  if (tap->export_rows) return note_references;
  return FIELD_OR_MBAFF_PICTURE(h) ? note_interlaced : note_progressive;
}

void __wrap_ff_h264_direct_ref_list_init(const H264Context* h, H264SliceContext* sl) {
  __real_ff_h264_direct_ref_list_init(h, sl);
  MgmTap* tap = mgm_tap(h->avctx);
  if (!tap) return;
  State* state = tap->state;
  choose_pixels(tap, state, h, sl);
  begin_slice(tap, h, sl);
  state->note = note_for(tap, state, h);
}

static av_noinline void note_and_decode(State* state, const H264Context* h, H264SliceContext* sl) {
  /* Before the real call, which renumbers the references of field macroblocks. */
  state->note(state, h, sl);
  __real_ff_h264_hl_decode_mb(h, sl);
}

void __wrap_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl) {
  const MgmTap* tap = mgm_tap(h->avctx);
  State* state = tap ? tap->state : NULL;
  if (!state) {
    __real_ff_h264_hl_decode_mb(h, sl);
  } else if (state->no_pixels) {
    state->note(state, h, sl);
  } else {
    note_and_decode(state, h, sl);
  }
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
