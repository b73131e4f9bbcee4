/* The energy of H.264's macroblocks. */
#ifndef MGM_TAPS_H264_ENERGY_H
#define MGM_TAPS_H264_ENERGY_H

#include <libavcodec/h264dec.h>
#include <libavcodec/mpegutils.h>

#include "energy.h"

/* Before each slice: zeroes what one that ended in an error left of its last macroblock. */
void mgm_h264_begin_energy(H264SliceContext* sl);

/* Of a macroblock with coefficients, which become zeros, as reconstruction would leave them. */
void mgm_h264_take_energy(MgmEnergy* energy, const H264Context* h, H264SliceContext* sl);

/* The macroblock that was parsed, where it is not reconstructed. */
static av_always_inline void mgm_h264_energy(MgmEnergy* energy, const H264Context* h,
                                             H264SliceContext* sl) {
  enum { kLumaAndChroma = 63 };
  const uint32_t type = h->cur_pic.mb_type[sl->mb_xy];
  if (IS_SKIP(type) || IS_INTRA_PCM(type)) return;
  if (IS_INTRA16x16(type) || (sl->cbp & kLumaAndChroma)) mgm_h264_take_energy(energy, h, sl);
}

#endif
