/* The energy of HEVC's transform units. */
#ifndef MGM_TAPS_HEVC_ENERGY_H
#define MGM_TAPS_HEVC_ENERGY_H

#include <libavcodec/hevc/hevcdec.h>

#include "energy.h"

enum { MGM_HEVC_CELL = 8 };

/* The unit that was parsed, of plane c_idx, at x, y of luma, where nothing transforms it. */
void mgm_hevc_energy(MgmEnergy* energy, const HEVCLocalContext* lc, const HEVCPPS* pps, int x,
                     int y, int log2_size, int c_idx);

#endif
