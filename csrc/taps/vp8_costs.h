/* The bits of VP8's rows of macroblocks: nothing tells macroblocks apart. */
#ifndef MGM_TAPS_VP8_COSTS_H
#define MGM_TAPS_VP8_COSTS_H

#include <libavcodec/vp8.h>

#include "picture_costs.h"

/* Before a row is decoded. Returns where its bits begin, for what is called behind it. */
int64_t mgm_vp8_begin_row(const VP8Context* s, MgmPicture* picture, int mb_y);
void mgm_vp8_end_row(const VP8Context* s, MgmPicture* picture, int mb_y, int64_t begin);

#endif
