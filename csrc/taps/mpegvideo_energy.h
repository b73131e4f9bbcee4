/* The energy of macroblocks of MPEG-1/2/4, H.263 and its kin. */
#ifndef MGM_TAPS_MPEGVIDEO_ENERGY_H
#define MGM_TAPS_MPEGVIDEO_ENERGY_H

#include <libavcodec/mpegvideo.h>

#include "energy.h"

/* MgmCodec.lacks_energy of the family's tap. */
const char* mgm_mpegvideo_lacks_energy(enum AVCodecID id);

/* The macroblock that was parsed, which is not reconstructed: its coefficients become dequantised
 * ones where they are not yet. */
void mgm_mpegvideo_energy(MgmEnergy* energy, MpegEncContext* s, int16_t block[12][64]);

#endif
