/* The energy of VP9's blocks. */
#ifndef MGM_TAPS_VP9_ENERGY_H
#define MGM_TAPS_VP9_ENERGY_H

#include <libavcodec/vp9dec.h>

#include "tap.h"

/* The picture's first block was parsed. */
void mgm_vp9_begin_energy(const VP9TileData* td, MgmPicture* picture);

/* The block that was parsed, which is not reconstructed: its coefficients become zeros, for
 * the blocks that come after. */
void mgm_vp9_energy(const VP9TileData* td, MgmEnergy* energy);

#endif
