/* The energy of AV1's blocks. */
#ifndef MGM_TAPS_AV1_ENERGY_H
#define MGM_TAPS_AV1_ENERGY_H

#include "picture_costs.h"
#include "src/internal.h"

/* What dav1d_read_coef_blocks left of a block, from the first on: coefficients of 16 bits, or of 32
 * in pictures of more than 8, and of each transform its last coefficient and its type. */
typedef struct Av1Coefficients {
  void* values;
  const int16_t* blocks;
} Av1Coefficients;

/* The block that was parsed; its coefficients become zeros. */
void av1_energy(const Dav1dTaskContext* t, MgmPicture* picture, Av1Coefficients coefficients,
                enum BlockSize bs, const Av1Block* b);

#endif
