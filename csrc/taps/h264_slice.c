/* The macroblocks of an H.264 slice: what is noted of each, and a loop over them where nothing else
 * is wanted. libavcodec's own loop asks after each macroblock for fields, filters, rows to draw and
 * threads that wait for them; there are none here, nor is anything concealed. */
#include "h264_slice.h"

#include <libavcodec/cabac_functions.h>
#include <string.h>

#include "h264_macroblock.h"
#include "taps/entropy/h264_cabac.h"

static uint8_t cell_of(const MgmTarget* targets, int8_t ref) {
  return (uint8_t)(ref < 0 ? MGM_CELL_NONE : MGM_CELL_FIRST + targets[ref & 31].reference);
}

static void note_references(const H264Context* h, const H264SliceContext* sl, MgmH264State* state) {
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
                                           MgmH264State* state, int interlaced) {
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

static av_noinline void note_any(const H264Context* h, const H264SliceContext* sl,
                                 MgmH264State* state) {
  note_blocks(h, sl, state, 0);
}

/* Fields, and what may come again. */
static void note_again(const H264Context* h, const H264SliceContext* sl, MgmH264State* state) {
  const size_t count = note_blocks(h, sl, state, 1);
  mgm_h264_replace_rows(&state->rows, state->picture, sl->mb_xy, count);
}

static av_always_inline void note_one_vector(const H264SliceContext* sl, MgmH264State* state,
                                             uint32_t type, int list) {
  MgmPicture* picture = state->picture;
  MgmBlock* next = picture->blocks + picture->num_blocks;
  picture->tapped = 1;
  picture->num_blocks +=
      mgm_h264_one_vector(sl, type, list, state->targets[MGM_H264_OWN], next) != next;
}

/* A frame's, each once. What most macroblocks are is done in as few instructions as it takes. */
static av_always_inline void note_ordered(const H264Context* h, const H264SliceContext* sl,
                                          MgmH264State* state) {
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

static void note_nothing(const H264Context* h, const H264SliceContext* sl, MgmH264State* state) {
  (void)h;
  (void)sl;
  (void)state;
}

void mgm_h264_begin_notes(const MgmTap* tap, MgmH264State* state) {
  if (!state->picture) {
    state->note = note_nothing;
  } else if (tap->export_rows) {
    state->note = note_references;
  } else {
    state->note = state->rows.kept ? note_again : note_ordered;
  }
}

int mgm_h264_can_parse(const H264Context* h, const MgmH264State* state) {
  return state->no_pixels && h->ps.pps->cabac && !FIELD_OR_MBAFF_PICTURE(h);
}

/* Sets the arithmetic decoder to the slice's first bit. */
static int begin_cabac(const H264Context* h, H264SliceContext* sl) {
  align_get_bits(&sl->gb);
  const uint8_t* first = sl->gb.buffer + get_bits_count(&sl->gb) / 8;
  const int status = ff_init_cabac_decoder(&sl->cabac, first, (get_bits_left(&sl->gb) + 7) / 8);
  if (status >= 0) ff_h264_init_cabac_states(h, sl);
  return status;
}

/* get_cabac_terminate, for which mostly nothing moves along the stream. Without a shift nothing is
 * fetched either: between decisions there is always a bit left. */
static av_always_inline int slice_ends(CABACContext* cabac) {
  enum { kLeastRange = 256 };
  const int range = cabac->range - 2;
  if (range < kLeastRange || cabac->low >= range << (CABAC_BITS + 1)) {
    return get_cabac_terminate(cabac);
  }
  cabac->range = range;
  return 0;
}

/* ordered: a constant; whether the note is note_ordered. */
static av_always_inline int parse_macroblocks(const H264Context* h, H264SliceContext* sl,
                                              MgmH264State* state, int ordered) {
  enum { kOverread = 4 }; /* as much as libavcodec lets pass */
  MgmH264Parse* const parse = mgm_h264_cabac_parser();
  for (;;) {
    const int status = parse(h, sl);
    if (status < 0) return AVERROR_INVALIDDATA;
    if (ordered) {
      note_ordered(h, sl, state);
    } else {
      state->note(h, sl, state);
    }
    if (state->costs.costs) {
      mgm_h264_count(&state->costs, sl, 1);
      if (state->energy) mgm_h264_energy(state->energy, h, sl);
    }
    const int ends = slice_ends(&sl->cabac);
    if (sl->cabac.bytestream - sl->cabac.bytestream_end > kOverread) return AVERROR_INVALIDDATA;
    if (++sl->mb_x == h->mb_width) {
      sl->mb_x = 0;
      if (++sl->mb_y == h->mb_height) return 0;
    }
    if (ends) return 0;
  }
}

int mgm_h264_parse_slice(H264Context* h, MgmH264State* state) {
  H264SliceContext* sl = &h->slice_ctx[0];
  int status = begin_cabac(h, sl);
  if (status >= 0) {
    const int ordered = state->note == note_ordered;
    status = ordered ? parse_macroblocks(h, sl, state, 1) : parse_macroblocks(h, sl, state, 0);
  }
  h->mb_y = sl->mb_y;
  h->nb_slice_ctx_queued = 0;
  return status;
}
