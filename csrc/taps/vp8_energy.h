/* The energy of VP8's macroblocks. */
#ifndef MGM_TAPS_VP8_ENERGY_H
#define MGM_TAPS_VP8_ENERGY_H

#include <libavcodec/vp8.h>

#include "energy.h"

enum { MGM_VP8_CELL = 16 };

/* Puts functions into the tables that add up the coefficients which they are given to transform,
 * and zero them: the decoder hands them over, but to nobody else. real: the decoder's own. */
void mgm_vp8_tap_transforms(VP8DSPContext* dsp, const VP8DSPContext* real);

/* What they add to, for this thread, while it decodes a row; NULL: they only zero. */
void mgm_vp8_begin_energy(MgmEnergy* energy, VP8ThreadData* td);
void mgm_vp8_end_energy(void);

#endif
