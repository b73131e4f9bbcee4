/* The part of HEVC's reconstruction that its decoder reaches through tables. */
#ifndef MGM_TAPS_HEVC_NO_PIXELS_H
#define MGM_TAPS_HEVC_NO_PIXELS_H

#include <libavcodec/hevc/dsp.h>
#include <libavcodec/hevc/pred.h>

/* Puts functions into the tables that do nothing. */
void mgm_hevc_drop_pixels(HEVCDSPContext* dsp, HEVCPredContext* pred);

#endif
