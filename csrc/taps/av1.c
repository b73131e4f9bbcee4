/* AV1, by dav1d behind libavcodec's libdav1d: dav1d_recon_b_{inter,intra}_* run once per block with
 * its vectors, references and place at hand. With one thread they also parse the coefficients, so
 * in vectors-only decode each becomes the parsing half of dav1d's two-pass decode. */
#include "av1.h"

#include <libavutil/mem.h>

#include "av1_costs.h"
#include "av1_energy.h"

static uint8_t reference_index(const Dav1dFrameContext* f, Av1State* state, int ref) {
  if (state->references[ref] == kNotReferred) {
    const Dav1dPicture* target = &f->refp[ref].p;
    MgmPicture* picture = state->picture;
    const int steps = av1_steps(f, f->frame_hdr, target->frame_hdr);
    const int32_t poc = picture->has_poc ? picture->poc + steps : MGM_NO_POC;
    state->references[ref] = mgm_add_reference(picture, av1_picture(target), poc, 0);
  }
  return state->references[ref];
}

/* Place and size; with super-resolution in columns of the output. */
static MgmBlock block_at(const Dav1dTaskContext* t, const Av1State* state, enum BlockSize bs) {
  const uint8_t* size = dav1d_block_dimensions[bs];
  int left = 4 * t->bx, right = left + 4 * size[0];
  if (state->scale != kUnscaled) {
    left = (left * state->scale + kUnscaled / 2) / kUnscaled;
    right = (right * state->scale + kUnscaled / 2) / kUnscaled;
  }
  const int width = right - left;
  return (MgmBlock){
      .x = (int16_t)(left + (width >> 1)),
      .y = (int16_t)(4 * t->by + 2 * size[1]),
      .w = (uint8_t)(width < UINT8_MAX ? width : UINT8_MAX),
      .h = (uint8_t)(4 * size[1]),
  };
}

static void add_intra(const Dav1dTaskContext* t, Av1State* state, enum BlockSize bs) {
  MgmBlock block = block_at(t, state, bs);
  block.flags = MGM_BLOCK_INTRA | MGM_BLOCK_CODED;
  mgm_add_block(state->picture, block);
}

/* The warp that predicts the block from its i-th reference, or NULL: plain displacement. */
static const Dav1dWarpedMotionParams* warp(const Dav1dTaskContext* t, enum BlockSize bs,
                                           const Av1Block* b, int i) {
  const uint8_t* size = dav1d_block_dimensions[bs];
  if (imin(size[0], size[1]) < 2) return NULL;
  const int compound = b->comp_type != COMP_INTER_NONE;
  int global = GLOBALMV;
  if (compound) global = GLOBALMV_GLOBALMV; /* of another enum */
  if (!compound && b->motion_mode == MM_WARP) {
    return t->warpmv.type > DAV1D_WM_TYPE_TRANSLATION ? &t->warpmv : NULL;
  }
  const int warped = b->inter_mode == global && t->f->gmv_warp_allowed[b->ref[i]];
  return warped ? &t->f->frame_hdr->gmv[b->ref[i]] : NULL;
}

/* Where a warp takes the block's centre, in 1/8 pixel. */
static void set_warped(MgmBlock* block, const Dav1dTaskContext* t, enum BlockSize bs,
                       const int32_t* matrix) {
  const uint8_t* size = dav1d_block_dimensions[bs];
  /* Twice the coordinates, as the centre lies between two pixels. */
  const int64_t x = 8 * t->bx + 4 * size[0] - 1, y = 8 * t->by + 4 * size[1] - 1;
  const int64_t dx = (matrix[2] - 0x10000) * x + matrix[3] * y + 2 * (int64_t)matrix[0];
  const int64_t dy = matrix[4] * x + (matrix[5] - 0x10000) * y + 2 * (int64_t)matrix[1];
  const int64_t half = 1 << 13;
  block->motion_x = (int32_t)((dx + half) >> 14);
  block->motion_y = (int32_t)((dy + half) >> 14);
}

static int is_blended(const Dav1dFrameContext* f, const Av1Block* b, int i) {
  const int scaled = f->svc[b->ref[i]][0].scale | f->svc[b->ref[i]][1].scale;
  const int mixed = b->comp_type == COMP_INTER_NONE
                        ? b->motion_mode == MM_OBMC || b->interintra_type != INTER_INTRA_NONE
                        : b->comp_type != COMP_INTER_AVG;
  return scaled || mixed;
}

static void add_inter(const Dav1dTaskContext* t, Av1State* state, enum BlockSize bs,
                      const Av1Block* b) {
  const int compound = b->comp_type != COMP_INTER_NONE;
  const uint8_t single[2] = {b->inter_mode, b->inter_mode};
  const uint8_t* modes = compound ? dav1d_comp_inter_pred_modes[b->inter_mode] : single;
  const int sent = modes[0] == NEWMV || modes[1] == NEWMV;
  MgmBlock block = block_at(t, state, bs);
  const uint8_t flags = b->skip ? (sent ? 0 : MGM_BLOCK_SKIP) : MGM_BLOCK_CODED;
  for (int i = 0; i <= compound; ++i) {
    if ((unsigned)b->ref[i] >= kReferences) return;
    block.reference = reference_index(t->f, state, b->ref[i]);
    block.flags = (uint8_t)(flags | (modes[i] == NEWMV ? 0 : MGM_BLOCK_DIRECT) |
                            (i ? MGM_BLOCK_SECOND | MGM_BLOCK_LIST1 : 0));
    const Dav1dWarpedMotionParams* warped = warp(t, bs, b, i);
    if (warped || is_blended(t->f, b, i)) block.flags |= MGM_BLOCK_BLENDED;
    if (warped) {
      set_warped(&block, t, bs, warped->matrix);
    } else {
      block.motion_x = b->mv[i].x;
      block.motion_y = b->mv[i].y;
    }
    if (state->scale != kUnscaled) {
      block.motion_x *= state->scale;
      block.motion_y *= kUnscaled;
    }
    mgm_add_block(state->picture, block);
  }
}

/* Parses the block's coefficients into the void. */
static void skip_block(Dav1dTaskContext* t, Av1State* state, enum BlockSize bs, const Av1Block* b,
                       read_coef_blocks_fn read) {
  t->ts->frame_thread[1].cf = state->coefficients;
  t->ts->frame_thread[1].cbi = state->coefficient_blocks;
  t->frame_thread.pass = 1;
  read(t, bs, b);
  t->frame_thread.pass = 0;
  if (!state->picture->energy.wanted) return;
  av1_energy(t, state->picture, (Av1Coefficients){state->coefficients, state->coefficient_blocks},
             bs, b);
}

/* The block that was added last. */
static inline void count(const Dav1dTaskContext* t, const Av1State* state, const Av1Block* b) {
  const MgmPicture* picture = state->picture;
  if (!picture->costs.wanted || picture->num_blocks == 0) return;
  av1_count(t, state->picture, &picture->blocks[picture->num_blocks - 1], b);
}

static int inter(Dav1dTaskContext* t, enum BlockSize bs, const Av1Block* b, recon_b_inter_fn real,
                 read_coef_blocks_fn read) {
  const MgmTap* tap = av1_tap(t->c);
  if (!tap) return real(t, bs, b);
  Av1State* state = tap->state;
  state->picture->tapped = 1;
  if (IS_INTER_OR_SWITCH(t->f->frame_hdr)) {
    add_inter(t, state, bs, b);
  } else {
    add_intra(t, state, bs); /* copied from within the picture */
  }
  int status = 0;
  if (state->vectors_only) {
    skip_block(t, state, bs, b, read);
  } else {
    status = real(t, bs, b);
  }
  count(t, state, b);
  return status;
}

static void intra(Dav1dTaskContext* t, enum BlockSize bs, enum EdgeFlags edges, const Av1Block* b,
                  recon_b_intra_fn real, read_coef_blocks_fn read) {
  const MgmTap* tap = av1_tap(t->c);
  if (tap) {
    Av1State* state = tap->state;
    state->picture->tapped = 1;
    add_intra(t, state, bs);
    if (state->vectors_only) {
      skip_block(t, state, bs, b, read);
    } else {
      real(t, bs, edges, b);
    }
    count(t, state, b);
    return;
  }
  real(t, bs, edges, b);
}

/* Loop filters, super-resolution's upscaling, and the edges that intra prediction will want. */
static int keeps_pixels(const Dav1dContext* c) {
  const MgmTap* tap = av1_tap(c);
  return !tap || !((const Av1State*)tap->state)->vectors_only;
}

#define WRAP_RECONSTRUCTION(depth)                                                              \
  decl_recon_b_inter_fn(__real_dav1d_recon_b_inter_##depth);                                    \
  decl_recon_b_inter_fn(__wrap_dav1d_recon_b_inter_##depth);                                    \
  decl_recon_b_intra_fn(__real_dav1d_recon_b_intra_##depth);                                    \
  decl_recon_b_intra_fn(__wrap_dav1d_recon_b_intra_##depth);                                    \
  decl_filter_sbrow_fn(__real_dav1d_filter_sbrow_##depth);                                      \
  decl_filter_sbrow_fn(__wrap_dav1d_filter_sbrow_##depth);                                      \
  decl_backup_ipred_edge_fn(__real_dav1d_backup_ipred_edge_##depth);                            \
  decl_backup_ipred_edge_fn(__wrap_dav1d_backup_ipred_edge_##depth);                            \
                                                                                                \
  int __wrap_dav1d_recon_b_inter_##depth(Dav1dTaskContext* t, enum BlockSize bs,                \
                                         const Av1Block* b) {                                   \
    return inter(t, bs, b, __real_dav1d_recon_b_inter_##depth, dav1d_read_coef_blocks_##depth); \
  }                                                                                             \
  void __wrap_dav1d_recon_b_intra_##depth(Dav1dTaskContext* t, enum BlockSize bs,               \
                                          enum EdgeFlags edges, const Av1Block* b) {            \
    intra(t, bs, edges, b, __real_dav1d_recon_b_intra_##depth, dav1d_read_coef_blocks_##depth); \
  }                                                                                             \
  void __wrap_dav1d_filter_sbrow_##depth(Dav1dFrameContext* f, int sby) {                       \
    if (keeps_pixels(f->c)) __real_dav1d_filter_sbrow_##depth(f, sby);                          \
  }                                                                                             \
  void __wrap_dav1d_backup_ipred_edge_##depth(Dav1dTaskContext* t) {                            \
    if (keeps_pixels(t->c)) __real_dav1d_backup_ipred_edge_##depth(t);                          \
  }

WRAP_RECONSTRUCTION(8bpc)
WRAP_RECONSTRUCTION(16bpc)

static int open_tap(AVCodecContext* context, MgmTap* tap) {
  (void)context;
  tap->state = av_mallocz(sizeof(Av1State));
  return tap->state ? 0 : AVERROR(ENOMEM);
}

static void close_tap(MgmTap* tap) { av_freep(&tap->state); }

static int counts_costs(enum AVCodecID id) { return id == AV_CODEC_ID_AV1; }

const MgmCodec mgm_codec_av1 = {
    .id = AV_CODEC_ID_AV1,
    .motion_scale = 8,
    .counts_costs = counts_costs,
    .lacks_energy = mgm_lacks_nothing,
    .open = open_tap,
    .close = close_tap,
};
