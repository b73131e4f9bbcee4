/* The bits of H.264's macroblocks. */
#ifndef MGM_TAPS_H264_COSTS_H
#define MGM_TAPS_H264_COSTS_H

#include <libavcodec/h264dec.h>

#include "cabac_position.h"
#include "picture_costs.h"

typedef struct MgmH264Costs {
  MgmCosts* costs;  /* of the current picture; NULL: nothing is counted */
  int64_t position; /* in the slice, behind the last macroblock */
} MgmH264Costs;

/* Before the slice that is queued is decoded; picture may be NULL. */
void mgm_h264_begin_costs(MgmH264Costs* counted, const H264Context* h, MgmPicture* picture);

/* Once it is. */
void mgm_h264_end_costs(MgmH264Costs* counted, const H264Context* h);

/* The macroblock that was parsed. Of one in a field every second line is its own: the pair of rows
 * shares its bits. */
static av_always_inline void mgm_h264_count(MgmH264Costs* counted, const H264SliceContext* sl,
                                            int cabac) {
  MgmCosts* costs = counted->costs;
  const int64_t position =
      cabac ? mgm_cabac_position(&sl->cabac, sl->gb.buffer) : get_bits_count(&sl->gb);
  const int64_t bits = position - counted->position;
  counted->position = position;
  mgm_add_quantiser(costs, sl->qscale);
  if (sl->mb_field_decoding_flag) {
    mgm_add_cost(costs, sl->mb_x, sl->mb_y, bits - bits / 2);
    mgm_add_cost(costs, sl->mb_x, sl->mb_y ^ 1, bits / 2);
  } else {
    mgm_add_cost(costs, sl->mb_x, sl->mb_y, bits);
  }
}

#endif
