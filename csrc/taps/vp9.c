/* VP9: ff_vp9_{intra,inter}_recon_* run once per block, after its modes and coefficients are
 * parsed. In vectors-only decode they become empty, and so does the loop filter: parsing never
 * looks at pixels. */
#include <libavcodec/vp9data.h>
#include <libavcodec/vp9dec.h>
#include <string.h>

#include "tap.h"
#include "vp9_costs.h"
#include "vp9_energy.h"

void __real_ff_vp9_intra_recon_8bpp(VP9TileData* td, ptrdiff_t y_off, ptrdiff_t uv_off);
void __real_ff_vp9_intra_recon_16bpp(VP9TileData* td, ptrdiff_t y_off, ptrdiff_t uv_off);
void __real_ff_vp9_inter_recon_8bpp(VP9TileData* td);
void __real_ff_vp9_inter_recon_16bpp(VP9TileData* td);
void __real_ff_vp9_loopfilter_sb(AVCodecContext* context, VP9Filter* levels, int row, int col,
                                 ptrdiff_t y_off, ptrdiff_t uv_off);
void __wrap_ff_vp9_intra_recon_8bpp(VP9TileData* td, ptrdiff_t y_off, ptrdiff_t uv_off);
void __wrap_ff_vp9_intra_recon_16bpp(VP9TileData* td, ptrdiff_t y_off, ptrdiff_t uv_off);
void __wrap_ff_vp9_inter_recon_8bpp(VP9TileData* td);
void __wrap_ff_vp9_inter_recon_16bpp(VP9TileData* td);
void __wrap_ff_vp9_loopfilter_sb(AVCodecContext* context, VP9Filter* levels, int row, int col,
                                 ptrdiff_t y_off, ptrdiff_t uv_off);

/* Only from 8x8 on does the decoder note that coefficients were announced but none sent. Below, all
 * transforms are 4x4: four of luma and as many of chroma as subsampling leaves. */
static int has_coefficients(const VP9TileData* td) {
  if (td->b->skip || td->b->bs <= BS_8x8) return !td->b->skip;
  int any = td->eob[0] | td->eob[1] | td->eob[2] | td->eob[3];
  for (int i = 0; i < 4 >> (td->s->ss_h + td->s->ss_v); ++i) {
    any |= td->uveob[0][i] | td->uveob[1][i];
  }
  return any != 0;
}

/* One partition of the block, the n-th of its four 4x4 below 8x8 (their modes and vectors differ).
 * With a reference of another size the vector still counts pixels of this picture: the decoder
 * scales the place that it points at. */
static void add_partition(const VP9TileData* td, MgmPicture* picture, int n, const MgmBlock* area) {
  const VP9SharedContext* s = &td->s->s;
  const VP9Block* b = td->b;
  if (mgm_reserve_blocks(picture, 2) < 0) return;
  for (int i = 0; i <= b->comp; ++i) {
    const AVFrame* target = s->refs[s->h.refidx[b->ref[i]]].f;
    MgmBlock* block = &picture->blocks[picture->num_blocks++];
    *block = *area;
    block->motion_x = b->mv[n][i].x;
    block->motion_y = b->mv[n][i].y;
    block->reference = mgm_add_reference(picture, mgm_picture(target), MGM_NO_POC, 0);
    if (b->mode[n] != NEWMV) block->flags |= MGM_BLOCK_DIRECT;
    if (i == 1) block->flags |= MGM_BLOCK_SECOND | MGM_BLOCK_LIST1;
  }
}

static void add_inter(const VP9TileData* td, MgmPicture* picture) {
  const enum BlockSize bs = td->b->bs;
  const int w = 4 * ff_vp9_bwh_tab[0][bs][0], h = 4 * ff_vp9_bwh_tab[0][bs][1];
  const int left = 8 * td->col + w / 2, top = 8 * td->row + h / 2;
  MgmBlock area = {
      .x = (int16_t)left,
      .y = (int16_t)top,
      .w = (uint8_t)w,
      .h = (uint8_t)h,
      .flags = has_coefficients(td) ? MGM_BLOCK_CODED : MGM_BLOCK_SKIP,
  };
  if (bs <= BS_8x8) {
    add_partition(td, picture, 0, &area);
    return;
  }
  for (int n = 0; n < 4; ++n) {
    const int x = 4 * (n & 1), y = 2 * (n & 2);
    if ((x && w == 8) || (y && h == 8)) continue;
    area.x = (int16_t)(left + x);
    area.y = (int16_t)(top + y);
    add_partition(td, picture, n, &area);
  }
}

static void add_intra(const VP9TileData* td, MgmPicture* picture) {
  const enum BlockSize bs = FFMIN(td->b->bs, BS_8x8);
  const int w = 8 * ff_vp9_bwh_tab[1][bs][0], h = 8 * ff_vp9_bwh_tab[1][bs][1];
  mgm_add_block(picture, (MgmBlock){
                             .x = (int16_t)(8 * td->col + w / 2),
                             .y = (int16_t)(8 * td->row + h / 2),
                             .w = (uint8_t)w,
                             .h = (uint8_t)h,
                             .flags = MGM_BLOCK_INTRA | MGM_BLOCK_CODED,
                         });
}

/* Coefficients are cleared where they are transformed: here, for a picture between others that have
 * pixels; in set_vectors_only, before the first that has. */
static void clear_coefficients(const VP9TileData* td) {
  const VP9Context* s = td->s;
  const uint8_t* size = ff_vp9_bwh_tab[1][td->b->bs];
  const size_t luma = sizeof(int16_t) * 64 * size[0] * size[1] * s->bytesperpixel;
  if (td->b->skip) return;
  memset(td->block, 0, luma);
  for (int i = 0; i < 2; ++i) memset(td->uvblock[i], 0, luma >> (s->ss_h + s->ss_v));
}

static void begin_picture(const VP9TileData* td, MgmPicture* picture) {
  VP9SharedContext* s = (VP9SharedContext*)&td->s->s;
  picture->tapped = 1;
  picture->hidden = s->h.invisible;
  if (picture->vectors_only_unreferenced && s->h.refreshrefmask == 0) picture->vectors_only = 1;
  /* Saves the decoder from filtering, and from drawing up what to filter; every header says it
   * anew. */
  if (picture->vectors_only) s->h.filter.level = 0;
  if (picture->costs.wanted) mgm_vp9_begin_costs(td, picture);
  mgm_vp9_begin_energy(td, picture);
}

/* Notes the block; false when its pixels are not wanted. A frame without MgmPicture is another
 * decoder's. */
static int tap_block(const VP9TileData* td) {
  MgmPicture* picture = mgm_picture(td->s->s.frames[CUR_FRAME].tf.f);
  if (!picture) return 1;
  if (!picture->tapped) begin_picture(td, picture);
  if (picture->costs.wanted) mgm_vp9_count(td, picture);
  if (picture->energy.side) mgm_vp9_energy(td, &picture->energy);
  if (td->b->intra) {
    add_intra(td, picture);
  } else {
    add_inter(td, picture);
  }
  if (picture->vectors_only && picture->vectors_only_unreferenced) clear_coefficients(td);
  return !picture->vectors_only;
}

/* A reference whose size cannot be scaled fails the picture, with and without pixels. */
static int invalid_reference(const VP9TileData* td) {
  const VP9Block* b = td->b;
  return td->s->mvscale[b->ref[0]][0] == REF_INVALID_SCALE ||
         (b->comp && td->s->mvscale[b->ref[1]][0] == REF_INVALID_SCALE);
}

void __wrap_ff_vp9_intra_recon_8bpp(VP9TileData* td, ptrdiff_t y_off, ptrdiff_t uv_off) {
  if (tap_block(td)) __real_ff_vp9_intra_recon_8bpp(td, y_off, uv_off);
}

void __wrap_ff_vp9_intra_recon_16bpp(VP9TileData* td, ptrdiff_t y_off, ptrdiff_t uv_off) {
  if (tap_block(td)) __real_ff_vp9_intra_recon_16bpp(td, y_off, uv_off);
}

void __wrap_ff_vp9_inter_recon_8bpp(VP9TileData* td) {
  if (tap_block(td) || invalid_reference(td)) __real_ff_vp9_inter_recon_8bpp(td);
}

void __wrap_ff_vp9_inter_recon_16bpp(VP9TileData* td) {
  if (tap_block(td) || invalid_reference(td)) __real_ff_vp9_inter_recon_16bpp(td);
}

/* The decoder itself takes no notice of skip_loop_filter. */
void __wrap_ff_vp9_loopfilter_sb(AVCodecContext* context, VP9Filter* levels, int row, int col,
                                 ptrdiff_t y_off, ptrdiff_t uv_off) {
  const MgmTap* tap = mgm_tap(context);
  if (tap && context->skip_loop_filter >= AVDISCARD_ALL) return;
  __real_ff_vp9_loopfilter_sb(context, levels, row, col, y_off, uv_off);
}

static void set_vectors_only(AVCodecContext* context, MgmTap* tap, int on) {
  const VP9Context* s = context->priv_data;
  (void)tap;
  if (on || !s->td || !s->td->block_base) return;
  /* The table of coefficients ends where the next begins. */
  memset(s->td->block_base, 0, (size_t)(s->td->eob_base - (uint8_t*)s->td->block_base));
}

static int counts_costs(enum AVCodecID id) { return id == AV_CODEC_ID_VP9; }

const MgmCodec mgm_codec_vp9 = {
    .id = AV_CODEC_ID_VP9,
    .motion_scale = 8,
    .counts_costs = counts_costs,
    .lacks_energy = mgm_lacks_nothing,
    .set_vectors_only = set_vectors_only,
};
