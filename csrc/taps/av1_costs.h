/* The bits of AV1's blocks. */
#ifndef MGM_TAPS_AV1_COSTS_H
#define MGM_TAPS_AV1_COSTS_H

#include "picture_costs.h"
#include "src/internal.h"

/* The block was parsed, its coefficients as well; `place` is where it lies. */
void av1_count(const Dav1dTaskContext* t, MgmPicture* picture, const MgmBlock* place,
               const Av1Block* b);

#endif
