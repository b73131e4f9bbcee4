/* VP8: no function of the decoder that another file defines is handed the macroblock, but its
 * context decodes each row through a pointer, which is replaced, and reconstructs through tables of
 * functions, which hold ones that do nothing while vectors alone are wanted. */
#include <libavcodec/vp8.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "vp8_costs.h"
#include "vp8_energy.h"

typedef struct Functions {
  VP8DSPContext dsp;
  H264PredContext pred;
  VideoDSPContext video;
} Functions;

typedef struct State {
  int (*decode_row)(AVCodecContext* context, void* data, int job, int thread);
  Functions full, vectors_only, energy;
} State;

static void no_transform(uint8_t* dst, int16_t block[16], ptrdiff_t stride) {
  (void)dst, (void)block, (void)stride;
}

static void no_transform4(uint8_t* dst, int16_t block[4][16], ptrdiff_t stride) {
  (void)dst, (void)block, (void)stride;
}

static void no_walsh_hadamard(int16_t block[4][4][16], int16_t dc[16]) { (void)block, (void)dc; }

static void no_compensation(uint8_t* dst, ptrdiff_t dst_stride, const uint8_t* src,
                            ptrdiff_t src_stride, int h, int x, int y) {
  (void)dst, (void)dst_stride, (void)src, (void)src_stride, (void)h, (void)x, (void)y;
}

static void no_intra4x4(uint8_t* src, const uint8_t* top_right, ptrdiff_t stride) {
  (void)src, (void)top_right, (void)stride;
}

static void no_intra(uint8_t* src, ptrdiff_t stride) { (void)src, (void)stride; }

static void no_edge(uint8_t* dst, const uint8_t* src, ptrdiff_t dst_stride, ptrdiff_t src_stride,
                    int block_w, int block_h, int src_x, int src_y, int w, int h) {
  (void)dst, (void)src, (void)dst_stride, (void)src_stride, (void)block_w, (void)block_h;
  (void)src_x, (void)src_y, (void)w, (void)h;
}

static void no_prefetch(const uint8_t* buffer, ptrdiff_t stride, int h) {
  (void)buffer, (void)stride, (void)h;
}

static void empty_compensation(vp8_mc_func table[3][3][3]) {
  for (int i = 0; i < 27; ++i) table[i / 9][i / 3 % 3][i % 3] = no_compensation;
}

static void empty(Functions* functions) {
  VP8DSPContext* dsp = &functions->dsp;
  dsp->vp8_luma_dc_wht = no_walsh_hadamard;
  dsp->vp8_luma_dc_wht_dc = no_walsh_hadamard;
  dsp->vp8_idct_add = no_transform;
  dsp->vp8_idct_dc_add = no_transform;
  dsp->vp8_idct_dc_add4y = no_transform4;
  dsp->vp8_idct_dc_add4uv = no_transform4;
  empty_compensation(dsp->put_vp8_epel_pixels_tab);
  empty_compensation(dsp->put_vp8_bilinear_pixels_tab);
  H264PredContext* pred = &functions->pred;
  for (size_t i = 0; i < FF_ARRAY_ELEMS(pred->pred4x4); ++i) pred->pred4x4[i] = no_intra4x4;
  for (size_t i = 0; i < FF_ARRAY_ELEMS(pred->pred8x8); ++i) pred->pred8x8[i] = no_intra;
  for (size_t i = 0; i < FF_ARRAY_ELEMS(pred->pred16x16); ++i) pred->pred16x16[i] = no_intra;
  functions->video = (VideoDSPContext){.emulated_edge_mc = no_edge, .prefetch = no_prefetch};
}

/* What one macroblock's blocks have in common, and where it lies. */
typedef struct Macroblock {
  MgmPicture* picture;
  MgmBlock block;
  int x, y;
} Macroblock;

static void add_partition(Macroblock* mb, int x, int y, int w, int h, VP8mv motion) {
  mb->block.x = (int16_t)(mb->x + x + w / 2);
  mb->block.y = (int16_t)(mb->y + y + h / 2);
  mb->block.w = (uint8_t)w;
  mb->block.h = (uint8_t)h;
  mb->block.motion_x = motion.x;
  mb->block.motion_y = motion.y;
  mgm_add_block(mb->picture, mb->block);
}

static void add_split(Macroblock* mb, const VP8Macroblock* coded) {
  static const uint8_t size[4][2] = {
      [VP8_SPLITMVMODE_16x8] = {16, 8},
      [VP8_SPLITMVMODE_8x16] = {8, 16},
      [VP8_SPLITMVMODE_8x8] = {8, 8},
      [VP8_SPLITMVMODE_4x4] = {4, 4},
  };
  const int w = size[coded->partitioning & 3][0], h = size[coded->partitioning & 3][1];
  const VP8mv* motion = coded->bmv;
  for (int y = 0; y < 16; y += h) {
    for (int x = 0; x < 16; x += w) add_partition(mb, x, y, w, h, *motion++);
  }
}

static void add_macroblock(Macroblock* mb, const VP8Context* s, const VP8Macroblock* coded) {
  if (coded->mode <= MODE_I4x4) {
    mb->block.flags = MGM_BLOCK_INTRA | MGM_BLOCK_CODED;
    mb->block.reference = 0;
    add_partition(mb, 0, 0, 16, 16, (VP8mv){.x = 0, .y = 0});
    return;
  }
  const VP8Frame* target = s->framep[coded->ref_frame & 3];
  mb->block.flags = coded->skip ? MGM_BLOCK_SKIP : MGM_BLOCK_CODED;
  mb->block.reference =
      mgm_add_reference(mb->picture, target ? mgm_picture(target->tf.f) : NULL, MGM_NO_POC, 0);
  if (coded->partitioning == VP8_SPLITMVMODE_NONE) {
    add_partition(mb, 0, 0, 16, 16, coded->mv);
  } else {
    add_split(mb, coded);
  }
}

static void add_row(const VP8Context* s, MgmPicture* picture, int mb_y, int num_decoded) {
  const VP8Macroblock* coded = s->mb_layout == 1
                                   ? s->macroblocks_base + (s->mb_width + 1) * (mb_y + 1) + 1
                                   : s->macroblocks + (s->mb_height - mb_y - 1) * 2;
  Macroblock mb = {.picture = picture, .y = 16 * mb_y};
  for (int i = 0; i < num_decoded; ++i, mb.x += 16) add_macroblock(&mb, s, &coded[i]);
  if (num_decoded > 0) picture->tapped = 1;
  if (num_decoded < s->mb_width) picture->concealed = 1;
}

static void begin_picture(const MgmTap* tap, VP8Context* s, MgmPicture* picture) {
  const State* state = tap->state;
  const int referenced = s->update_last || s->update_golden == VP8_FRAME_CURRENT ||
                         s->update_altref == VP8_FRAME_CURRENT;
  const int vectors_only = tap->vectors_only || (tap->vectors_only_unreferenced && !referenced);
  const Functions* functions = picture->energy.wanted ? &state->energy
                               : vectors_only         ? &state->vectors_only
                                                      : &state->full;
  picture->hidden = s->invisible != 0;
  s->vp8dsp = functions->dsp;
  s->hpc = functions->pred;
  s->vdsp = functions->video;
  memcpy(s->put_pixels_tab,
         s->profile ? s->vp8dsp.put_vp8_bilinear_pixels_tab : s->vp8dsp.put_vp8_epel_pixels_tab,
         sizeof s->put_pixels_tab);
  if (vectors_only) s->deblock_filter = 0;
  if (picture->energy.wanted) mgm_count_energy(picture, MGM_VP8_CELL);
  if (!vectors_only || picture->energy.wanted) {
    /* Coefficients are cleared where they are transformed; other pictures left theirs. */
    memset(s->thread_data->block, 0, sizeof s->thread_data->block);
    memset(s->thread_data->block_dc, 0, sizeof s->thread_data->block_dc);
  }
}

/* A row of a damaged picture ends early, without a word of how far it came; the decoder's own
 * record of its position tells, once it can also say "before the first". */
static int decode_row(AVCodecContext* context, void* data, int job, int thread) {
  enum { kColumn = 0xFFFF };
  const MgmTap* tap = mgm_tap(context);
  const State* state = tap->state;
  VP8Context* s = context->priv_data;
  MgmPicture* picture = mgm_picture(s->curframe->tf.f);
  if (!picture) return state->decode_row(context, data, job, thread);
  atomic_int* position = &s->thread_data[thread].thread_mb_pos;
  const int mb_y = atomic_load(position) >> 16;
  if (mb_y == 0) begin_picture(tap, s, picture);
  atomic_store(position, mb_y << 16 | kColumn);
  const int counts = picture->costs.wanted;
  const int64_t begin = counts ? mgm_vp8_begin_row(s, picture, mb_y) : 0;
  if (picture->energy.side) mgm_vp8_begin_energy(&picture->energy, &s->thread_data[thread]);
  const int status = state->decode_row(context, data, job, thread);
  mgm_vp8_end_energy();
  if (counts) mgm_vp8_end_row(s, picture, mb_y, begin);
  const int last = atomic_load(position) & kColumn;
  add_row(s, picture, mb_y, last == kColumn ? 0 : last + 1);
  return status;
}

static int open(AVCodecContext* context, MgmTap* tap) {
  VP8Context* s = context->priv_data;
  State* state = malloc(sizeof *state);
  if (!state) return AVERROR(ENOMEM);
  tap->state = state;
  state->decode_row = s->decode_mb_row_no_filter;
  state->full = (Functions){.dsp = s->vp8dsp, .pred = s->hpc, .video = s->vdsp};
  state->vectors_only = state->full;
  empty(&state->vectors_only);
  state->energy = state->vectors_only;
  mgm_vp8_tap_transforms(&state->energy.dsp, &state->full.dsp);
  s->decode_mb_row_no_filter = decode_row;
  return 0;
}

static void close(MgmTap* tap) {
  free(tap->state);
  tap->state = NULL;
}

static int counts_costs(enum AVCodecID id) { return id == AV_CODEC_ID_VP8; }

const MgmCodec mgm_codec_vp8 = {
    .id = AV_CODEC_ID_VP8,
    .motion_scale = 4,
    .counts_costs = counts_costs,
    .lacks_energy = mgm_lacks_nothing,
    .open = open,
    .close = close,
};
