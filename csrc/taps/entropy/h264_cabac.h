#ifndef MGM_ENTROPY_H264_CABAC_H
#define MGM_ENTROPY_H264_CABAC_H

#include <libavcodec/h264dec.h>

/* Parses one macroblock; returns a status. */
typedef int MgmH264Parse(const H264Context* h, H264SliceContext* sl);

/* libavcodec's, or the one with our arithmetic decoder where this processor makes it the quicker.
 */
#ifdef __x86_64__
MgmH264Parse* mgm_h264_cabac_parser(void);
#else
static inline MgmH264Parse* mgm_h264_cabac_parser(void) { return ff_h264_decode_mb_cabac; }
#endif

#endif
