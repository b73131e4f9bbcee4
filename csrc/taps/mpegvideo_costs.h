/* The bits of macroblocks of MPEG-1/2/4, H.263 and its kin. */
#ifndef MGM_TAPS_MPEGVIDEO_COSTS_H
#define MGM_TAPS_MPEGVIDEO_COSTS_H

#include <libavcodec/mpegvideo.h>

#include "picture_costs.h"

typedef struct MgmMpegvideoCosts {
  MgmCosts* costs;       /* of the current picture; NULL: nothing is counted */
  const uint8_t* buffer; /* that the decoder's position counts from */
  const uint8_t* end;
  int64_t position; /* behind the last macroblock */
  int begins;       /* a slice of MPEG-1 or MPEG-2 begins at first_position */
  int64_t first_position;
} MgmMpegvideoCosts;

/* Whether the family's tap counts the bits of this codec. */
int mgm_mpegvideo_counts(enum AVCodecID id);

void mgm_mpegvideo_begin_costs(MgmMpegvideoCosts* counted, MgmPicture* picture);

/* Called before each row of macroblocks, and where a slice of MPEG-1 or MPEG-2 begins. */
void mgm_mpegvideo_begin_row(MgmMpegvideoCosts* counted, const MpegEncContext* s);

/* The macroblock that was parsed. */
void mgm_mpegvideo_count(MgmMpegvideoCosts* counted, const MpegEncContext* s);

#endif
