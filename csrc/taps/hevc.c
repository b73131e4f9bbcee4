/* HEVC: the two functions that derive a prediction unit's vector know its place and size; residual
 * flag, prediction mode and lists come from their neighbours. In vectors-only decode the lists lose
 * their pictures once we noted them: the decoder then leaves motion compensation out by itself. The
 * rest of reconstruction becomes empty. Parsing never looks at pixels. */
#include <libavcodec/hevc/hevcdec.h>
#include <stddef.h>
#include <stdlib.h>

#include "cabac_end.h"
#include "hevc_costs.h"
#include "hevc_energy.h"
#include "hevc_no_pixels.h"
#include "hevc_unread.h"
#include "tap.h"

/* Both have the type that the decoder's header states; a wrap of another type does not compile. */
#define SEAM(name) __typeof__(name) __real_##name, __wrap_##name
SEAM(ff_hevc_dsp_init);
SEAM(ff_hevc_set_new_ref);
SEAM(ff_hevc_frame_rps);
SEAM(ff_hevc_slice_rpl);
SEAM(ff_hevc_cabac_init);
SEAM(ff_hevc_pred_mode_decode);
SEAM(ff_hevc_end_of_slice_flag_decode);
SEAM(ff_hevc_no_residual_syntax_flag_decode);
SEAM(ff_hevc_hls_residual_coding);
SEAM(ff_hevc_luma_mv_merge_mode);
SEAM(ff_hevc_luma_mv_mvp_mode);
SEAM(ff_hevc_deblocking_boundary_strengths);
SEAM(ff_hevc_hls_filter);
SEAM(ff_hevc_hls_filters);

typedef struct State {
  HEVCDSPContext dsp; /* the decoder's own tables */
  HEVCPredContext pred;
  int drops_pixels;    /* of the picture */
  MgmPicture* picture; /* being decoded */
  MgmHevcCosts costs;
  size_t unit_blocks;    /* how many it had before the current coding unit */
  int missing_trees;     /* coding trees of the picture not decoded yet */
  int damaged;           /* a slice of it refers to a picture that is not there, or ends wrongly */
  int num_references[2]; /* of the slice's lists */
  uint8_t references[2][HEVC_MAX_REFS]; /* their indices in MgmPicture.references */
} State;

static inline State* state_of(const HEVCContext* s) {
  const MgmTap* tap = mgm_tap(s->avctx);
  return tap ? tap->state : NULL;
}

static inline int drops_pixels(const HEVCContext* s) {
  const State* state = state_of(s);
  return state && state->drops_pixels;
}

static void install_tables(HEVCContext* s, const State* state) {
  s->hevcdsp = state->dsp;
  s->hpc = state->pred;
  if (state->drops_pixels) mgm_hevc_drop_pixels(&s->hevcdsp, &s->hpc);
}

void __wrap_ff_hevc_dsp_init(HEVCDSPContext* dsp, int bit_depth) {
  __real_ff_hevc_dsp_init(dsp, bit_depth);
  HEVCContext* s = (HEVCContext*)((char*)dsp - offsetof(HEVCContext, hevcdsp));
  State* state = state_of(s);
  if (!state) return;
  state->dsp = *dsp;
  state->pred = s->hpc; /* the decoder makes this table first */
}

static void choose_pixels(HEVCContext* s, const HEVCSPS* sps, State* state) {
  const MgmTap* tap = mgm_tap(s->avctx);
  /* Not referred to in its own temporal layer, and there is none above. */
  const int unreferenced =
      ff_hevc_nal_is_nonref(s->nal_unit_type) && s->temporal_id + 1 >= sps->max_sub_layers;
  state->drops_pixels = tap->vectors_only || (tap->vectors_only_unreferenced && unreferenced);
  install_tables(s, state);
  /* With this, film grain is described instead of drawn. */
  s->avctx->export_side_data &= ~AV_CODEC_EXPORT_DATA_FILM_GRAIN;
  if (state->drops_pixels) s->avctx->export_side_data |= AV_CODEC_EXPORT_DATA_FILM_GRAIN;
}

int __wrap_ff_hevc_set_new_ref(HEVCContext* s, HEVCLayerContext* l, int poc) {
  State* state = state_of(s);
  if (!state) return __real_ff_hevc_set_new_ref(s, l, poc);
  choose_pixels(s, l->sps, state);
  if (IS_IRAP(s) && s->no_rasl_output_flag) ++mgm_tap(s->avctx)->sequence;
  const int status = __real_ff_hevc_set_new_ref(s, l, poc);
  state->picture = status < 0 ? NULL : mgm_picture(s->cur_frame->f);
  if (mgm_tap(s->avctx)->costs) mgm_hevc_begin_costs(&state->costs, state->picture, l->sps);
  if (state->picture) mgm_count_energy(state->picture, MGM_HEVC_CELL);
  state->unit_blocks = 0;
  state->missing_trees = l->sps->ctb_width * l->sps->ctb_height;
  state->damaged = 0;
  if (!state->picture) return status;
  state->picture->has_poc = 1;
  state->picture->poc = poc;
  state->picture->concealed = 1; /* until its last coding tree is there */
  if (mgm_hevc_leaves_unread(s, mgm_tap(s->avctx))) mgm_hevc_leave_unread(s, state->picture);
  return status;
}

/* Without a tap, as on many threads, the decoder does not say that it made up what a picture refers
 * to: we write it on the picture before any other thread can put it out. */
int __wrap_ff_hevc_frame_rps(HEVCContext* s, HEVCLayerContext* l) {
  static const int used[] = {ST_CURR_BEF, ST_CURR_AFT, LT_CURR};
  MgmTap* tap = mgm_tap(s->avctx);
  if (tap) tap->made_up = 1;
  const int status = __real_ff_hevc_frame_rps(s, l);
  if (tap) tap->made_up = 0;
  if (status < 0 || tap) return status;
  for (size_t i = 0; i < FF_ARRAY_ELEMS(used); ++i) {
    const RefPicList* set = &s->rps[used[i]];
    for (int j = 0; j < set->nb_refs; ++j) {
      if (!(set->ref[j]->flags & HEVC_FRAME_FLAG_UNAVAILABLE)) continue;
      s->cur_frame->f->decode_error_flags |= FF_DECODE_ERROR_MISSING_REFERENCE;
    }
  }
  return status;
}

static void note_list(State* state, RefPicList* list, int which) {
  state->num_references[which] = list->nb_refs;
  for (int i = 0; i < HEVC_MAX_REFS; ++i) {
    const HEVCFrame* frame = list->ref[i];
    if (state->drops_pixels) list->ref[i] = NULL;
    if (i >= list->nb_refs || !state->picture) continue;
    /* The decoder makes grey pictures up for those that are not there. */
    const int there = frame && frame->f && !(frame->flags & HEVC_FRAME_FLAG_UNAVAILABLE);
    if (!there) state->damaged = 1;
    state->references[which][i] =
        mgm_add_reference(state->picture, there ? mgm_picture(frame->f) : NULL, list->list[i], 0);
  }
}

int __wrap_ff_hevc_slice_rpl(HEVCContext* s) {
  const int status = __real_ff_hevc_slice_rpl(s);
  State* state = state_of(s);
  if (status < 0 || !state) return status;
  for (int i = 0; i < 2; ++i) note_list(state, &s->cur_frame->refPicList[i], i);
  return status;
}

static inline void add_vector(State* state, MgmBlock area, int list, int ref_idx, Mv mv) {
  area.reference = ref_idx >= 0 && ref_idx < state->num_references[list]
                       ? state->references[list][ref_idx]
                       : MGM_NO_REFERENCE;
  if (list) area.flags |= MGM_BLOCK_LIST1;
  area.motion_x = mv.x;
  area.motion_y = mv.y;
  mgm_add_block(state->picture, area);
}

static inline MgmBlock make_area(int x, int y, int w, int h, uint8_t flags) {
  const int16_t middle_x = (int16_t)(x + w / 2), middle_y = (int16_t)(y + h / 2);
  return (MgmBlock){middle_x, middle_y, .w = (uint8_t)w, .h = (uint8_t)h, .flags = flags};
}

void __wrap_ff_hevc_luma_mv_merge_mode(HEVCLocalContext* lc, const HEVCPPS* pps, int x, int y,
                                       int w, int h, int log2_cb_size, int part, int merge,
                                       MvField* mv) {
  __real_ff_hevc_luma_mv_merge_mode(lc, pps, x, y, w, h, log2_cb_size, part, merge, mv);
  State* state = state_of(lc->parent);
  if (!state || !state->picture) return;
  MgmBlock area = make_area(x, y, w, h, MGM_BLOCK_DIRECT);
  if (lc->cu.pred_mode == MODE_SKIP) {
    area.flags |= MGM_BLOCK_SKIP;
  } else if (lc->cu.part_mode == PART_2Nx2N) {
    area.flags |= MGM_BLOCK_CODED; /* else it would be skipped: the flag is not even sent */
  }
  if (mv->pred_flag & PF_L0) add_vector(state, area, 0, mv->ref_idx[0], mv->mv[0]);
  if (mv->pred_flag == PF_BI) area.flags |= MGM_BLOCK_SECOND;
  if (mv->pred_flag & PF_L1) add_vector(state, area, 1, mv->ref_idx[1], mv->mv[1]);
}

void __wrap_ff_hevc_luma_mv_mvp_mode(HEVCLocalContext* lc, const HEVCPPS* pps, int x, int y, int w,
                                     int h, int log2_cb_size, int part, int merge, MvField* mv,
                                     int mvp_flag, int list) {
  __real_ff_hevc_luma_mv_mvp_mode(lc, pps, x, y, w, h, log2_cb_size, part, merge, mv, mvp_flag,
                                  list);
  State* state = state_of(lc->parent);
  if (!state || !state->picture) return;
  /* The caller adds the difference after us; it wraps around as the caller's sum does. */
  const Mv sum = {.x = (int16_t)(mv->mv[list].x + lc->pu.mvd.x),
                  .y = (int16_t)(mv->mv[list].y + lc->pu.mvd.y)};
  const uint8_t second = list && mv->pred_flag == PF_BI ? MGM_BLOCK_SECOND : 0;
  add_vector(state, make_area(x, y, w, h, second), list, mv->ref_idx[list], sum);
}

static void add_intra(MgmPicture* picture, const HEVCSPS* sps, int x, int y, int size) {
  const int w = FFMIN(size, sps->width - x), h = FFMIN(size, sps->height - y);
  mgm_add_block(picture, make_area(x, y, w, h, MGM_BLOCK_INTRA | MGM_BLOCK_CODED));
}

int __wrap_ff_hevc_pred_mode_decode(HEVCLocalContext* lc) {
  const int mode = __real_ff_hevc_pred_mode_decode(lc);
  const HEVCContext* s = lc->parent;
  State* state = state_of(s);
  if (!state || !state->picture) return mode;
  state->unit_blocks = state->picture->num_blocks;
  if (mode == MODE_INTRA) {
    const int size = (1 << s->pps->sps->log2_ctb_size) >> lc->ct_depth;
    add_intra(state->picture, s->pps->sps, lc->cu.x, lc->cu.y, size);
  }
  return mode;
}

int __wrap_ff_hevc_no_residual_syntax_flag_decode(HEVCLocalContext* lc) {
  const int residual = __real_ff_hevc_no_residual_syntax_flag_decode(lc); /* as rqt_root_cbf */
  const State* state = residual ? state_of(lc->parent) : NULL;
  if (!state || !state->picture) return residual;
  for (size_t i = state->unit_blocks; i < state->picture->num_blocks; ++i) {
    state->picture->blocks[i].flags |= MGM_BLOCK_CODED;
  }
  return residual;
}

/* Without pixels nothing transforms the coefficients, or adds them to anything. */
void __wrap_ff_hevc_hls_residual_coding(HEVCLocalContext* lc, const HEVCPPS* pps, int x, int y,
                                        int log2_size, enum ScanType scan_idx, int c_idx) {
  __real_ff_hevc_hls_residual_coding(lc, pps, x, y, log2_size, scan_idx, c_idx);
  const State* state = state_of(lc->parent);
  if (!state || !state->picture || !state->picture->energy.side) return;
  mgm_hevc_energy(&state->picture->energy, lc, pps, x, y, log2_size, c_idx);
}

int __wrap_ff_hevc_cabac_init(HEVCLocalContext* lc, const HEVCPPS* pps, int ctb_addr_ts,
                              const uint8_t* data, size_t size, int is_wpp) {
  const int status = __real_ff_hevc_cabac_init(lc, pps, ctb_addr_ts, data, size, is_wpp);
  State* state = state_of(lc->parent);
  if (state) mgm_hevc_begin_tree(&state->costs, lc, pps, ctb_addr_ts, data, size);
  return status;
}

void __wrap_ff_hevc_deblocking_boundary_strengths(HEVCLocalContext* lc, const HEVCLayerContext* l,
                                                  const HEVCPPS* pps, int x, int y, int log2_size) {
  if (drops_pixels(lc->parent)) return;
  __real_ff_hevc_deblocking_boundary_strengths(lc, l, pps, x, y, log2_size);
}

/* Called at the end of each coding tree. */
int __wrap_ff_hevc_end_of_slice_flag_decode(HEVCLocalContext* lc) {
  const int ends = __real_ff_hevc_end_of_slice_flag_decode(lc);
  State* state = state_of(lc->parent);
  if (!state) return ends;
  if (state->picture && state->picture->unread) return 1;
  if (ends ? !mgm_cabac_ends(&lc->cc) : state->missing_trees == 1) state->damaged = 1;
  return ends;
}

/* Called once per coding tree, after it was decoded. */
void __wrap_ff_hevc_hls_filters(HEVCLocalContext* lc, const HEVCLayerContext* l, const HEVCPPS* pps,
                                int x, int y, int size) {
  const HEVCContext* s = lc->parent;
  State* state = state_of(s);
  MgmPicture* picture = state ? state->picture : NULL;
  if (picture) {
    mgm_hevc_end_tree(&state->costs, &s->local_ctx[0], x, y);
    /* Prediction modes are not sent in I slices. */
    if (s->sh.slice_type == HEVC_SLICE_I) add_intra(picture, pps->sps, x, y, size);
    picture->tapped |= picture->num_blocks > 0;
    if (--state->missing_trees == 0) picture->concealed = (uint8_t)state->damaged;
    if (state->missing_trees < 0) {
      /* Slices came again: nothing tells which of their blocks are shown. */
      picture->concealed = 1;
      state->picture = NULL;
    }
  }
  if (!drops_pixels(s)) __real_ff_hevc_hls_filters(lc, l, pps, x, y, size);
}

/* Called once more, for the picture's last coding tree. */
void __wrap_ff_hevc_hls_filter(HEVCLocalContext* lc, const HEVCLayerContext* l, const HEVCPPS* pps,
                               int x, int y, int size) {
  if (!drops_pixels(lc->parent)) __real_ff_hevc_hls_filter(lc, l, pps, x, y, size);
}

static int open_tap(AVCodecContext* context, MgmTap* tap) {
  (void)context;
  tap->state = calloc(1, sizeof(State));
  return tap->state ? 0 : AVERROR(ENOMEM);
}

static void close_tap(MgmTap* tap) {
  free(tap->state);
  tap->state = NULL;
}

static int counts_costs(enum AVCodecID id) { return id == AV_CODEC_ID_HEVC; }

const MgmCodec mgm_codec_hevc = {
    .id = AV_CODEC_ID_HEVC,
    .motion_scale = 4,
    .counts_costs = counts_costs,
    .lacks_energy = mgm_lacks_nothing,
    .open = open_tap,
    .close = close_tap,
};
