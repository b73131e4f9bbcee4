/* H.264: ff_h264_hl_decode_mb runs once per macroblock with its vectors, references and types at
 * hand. In vectors-only decode it becomes empty: parsing never looks at pixels. Most slices then
 * have a loop of our own (h264_slice.c). The references of a slice are looked up once, where the
 * decoder has just made its lists. Slices that nobody wants can be left unread: of other pictures a
 * slice needs the motion of one alone, the first in list 1. Of those that are intra all over it
 * needs nothing. */
#include <libavcodec/mpegutils.h>
#include <stdlib.h>
#include <string.h>

#include "h264_slice.h"
#include "h264_unread.h"
#include "tap.h"

void __real_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl);
void __wrap_ff_h264_hl_decode_mb(const H264Context* h, H264SliceContext* sl);
int __real_ff_h264_execute_decode_slices(H264Context* h);
int __wrap_ff_h264_execute_decode_slices(H264Context* h);
void __real_ff_h264_direct_ref_list_init(const H264Context* h, H264SliceContext* sl);
void __wrap_ff_h264_direct_ref_list_init(const H264Context* h, H264SliceContext* sl);

enum { kMacroblock = 16 };

/* frame_num is the next after that of the reference picture before, unless the stream says that it
 * may leave some out. The decoder takes other pictures for the one before as well. Where decoding
 * began in the midst of a stream nothing is missed. Some encoders count pictures that nothing
 * refers to as the one before; a reference that does so came twice. */
static void look_for_gap(MgmTap* tap, MgmH264State* state, const H264Context* h) {
  const SPS* sps = h->ps.sps;
  const int number = h->poc.frame_num;
  const int before = h->picture_idr || state->reset ? 0 : state->last_frame_num;
  const int next = (before + 1) % (1 << sps->log2_max_frame_num);
  const int known = tap->begun && !sps->gaps_in_frame_num_allowed_flag;
  const int may_repeat = h->droppable || h->picture_structure != PICT_FRAME;
  const int expected = number == next || (number == before && may_repeat);
  if (known && !h->picture_idr && !expected) ++tap->gaps;
  tap->begun = 1;
  if (!h->droppable) state->last_frame_num = number;
}

static void begin_picture(MgmTap* tap, MgmH264State* state, const H264Context* h,
                          const H264SliceContext* sl, MgmPicture* picture) {
  /* Both fields of a frame come by here. */
  if (state->serial == picture->serial) return;
  state->serial = picture->serial;
  look_for_gap(tap, state, h);
  if (h->picture_idr || state->reset) ++tap->sequence;
  state->reset = 0;
  picture->sequence = tap->sequence;
  picture->not_anew = !h->picture_idr;
  mgm_add_reference(picture, NULL, MGM_NO_POC, 0);
  const size_t num_macroblocks = (size_t)h->mb_stride * (size_t)h->mb_height;
  state->cells = tap->export_rows ? mgm_export_cells(picture, num_macroblocks) : NULL;
  state->rows.kept = 0;
  const int intra = tap->pass_intra && mgm_h264_begins_intra(h, sl);
  mgm_h264_begin_cover(&state->cover, h, picture, intra);
  if (tap->costs) mgm_count_costs(picture, kMacroblock);
  mgm_count_energy(picture, kMacroblock);
}

static void begin_slice(MgmTap* tap, const H264Context* h, const H264SliceContext* sl) {
  MgmH264State* state = tap->state;
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
  /* Nothing is parsed by what the co-located picture holds. */
  if (beside && beside->f && !tap->costs) mgm_need(tap, mgm_picture(beside->f));
  picture->has_poc = 1;
  picture->poc = h->cur_pic_ptr->poc;
  mgm_h264_find_targets(state->targets, h, sl, picture);
}

static void choose_pixels(const MgmTap* tap, MgmH264State* state, const H264Context* h,
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
  MgmH264State* state = tap->state;
  choose_pixels(tap, state, h, sl);
  begin_slice(tap, h, sl);
  mgm_h264_begin_notes(tap, state);
}

static av_noinline void note_and_decode(const H264Context* h, H264SliceContext* sl,
                                        MgmH264State* state) {
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
  MgmH264State* state = tap->state;
  if (state->costs.costs) mgm_h264_count(&state->costs, sl, h->ps.pps->cabac);
  if (state->no_pixels) {
    state->note(h, sl, state);
    if (state->energy) mgm_h264_energy(state->energy, h, sl);
  } else {
    note_and_decode(h, sl, state);
  }
}

static void begin_energy(MgmH264State* state, H264SliceContext* sl) {
  MgmPicture* picture = state->picture;
  state->energy = picture && picture->energy.side && state->no_pixels ? &picture->energy : NULL;
  mgm_h264_begin_energy(sl);
}

/* One thread: one slice each time. */
int __wrap_ff_h264_execute_decode_slices(H264Context* h) {
  const MgmTap* tap = mgm_tap(h->avctx);
  if (!tap || h->nb_slice_ctx_queued != 1) return __real_ff_h264_execute_decode_slices(h);
  MgmH264State* state = tap->state;
  const int unread = tap->skip_blocks || (state->cover.intra && tap->vectors_only);
  if (unread) return mgm_h264_leave_unread(h, state->picture);
  const int begin = mgm_h264_place(h, &h->slice_ctx[0]);
  mgm_h264_begin_costs(&state->costs, h, state->picture);
  if (tap->energy) begin_energy(state, &h->slice_ctx[0]);
  const int status = mgm_h264_can_parse(h, state) ? mgm_h264_parse_slice(h, state)
                                                  : __real_ff_h264_execute_decode_slices(h);
  mgm_h264_end_costs(&state->costs, h);
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
  MgmH264State* state = calloc(1, sizeof *state);
  if (!state) return AVERROR(ENOMEM);
  state->serial = -1;
  tap->state = state;
  return 0;
}

static void close_tap(MgmTap* tap) {
  MgmH264State* state = tap->state;
  if (state) free(state->rows.packed);
  free(state);
  tap->state = NULL;
}

static int counts_costs(enum AVCodecID id) { return id == AV_CODEC_ID_H264; }

const MgmCodec mgm_codec_h264 = {
    .id = AV_CODEC_ID_H264,
    .motion_scale = 4,
    .leaves_pictures = 1,
    .counts_costs = counts_costs,
    .lacks_energy = mgm_lacks_nothing,
    .open = open_tap,
    .close = close_tap,
    .set_vectors_only = set_vectors_only,
};
