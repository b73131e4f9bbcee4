#ifndef MGM_TAPS_PICTURE_COSTS_H
#define MGM_TAPS_PICTURE_COSTS_H

#include "tap.h"

/* mgm_begin_costs for a picture; out of memory marks it as failed. NULL: nothing is counted. */
static inline MgmCosts* mgm_count_costs(MgmPicture* picture, int side) {
  const int status = mgm_begin_costs(&picture->costs, picture->width, picture->height, side);
  if (status < 0) picture->failed = 1;
  return status < 0 ? NULL : &picture->costs;
}

/* mgm_begin_energy, likewise; NULL as well where none is wanted. */
static inline MgmEnergy* mgm_count_energy(MgmPicture* picture, int side) {
  if (!picture->energy.wanted) return NULL;
  const int status = mgm_begin_energy(&picture->energy, picture->width, picture->height, side);
  if (status < 0) picture->failed = 1;
  return status < 0 ? NULL : &picture->energy;
}

#endif
