#ifndef MGM_TAPS_PICTURE_COSTS_H
#define MGM_TAPS_PICTURE_COSTS_H

#include "tap.h"

/* mgm_begin_costs for a picture; out of memory marks it as failed. NULL: nothing is counted. */
static inline MgmCosts* mgm_count_costs(MgmPicture* picture, int side) {
  const int status = mgm_begin_costs(&picture->costs, picture->width, picture->height, side);
  if (status < 0) picture->failed = 1;
  return status < 0 ? NULL : &picture->costs;
}

#endif
