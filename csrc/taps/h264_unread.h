#ifndef MGM_TAPS_H264_UNREAD_H
#define MGM_TAPS_H264_UNREAD_H

#include <libavcodec/h264dec.h>

#include "tap.h"

/* Whether the slice begins a picture that holds no vectors: a frame of progressive macroblocks all
 * of whose slices are intra. If so its macroblocks are made intra now, which is all that later
 * pictures ask of them: its slices need not be read, nor be whole. */
int mgm_h264_begins_intra(const H264Context* h, const H264SliceContext* sl);

/* Instead of decoding the slice that is queued, which is no damage. picture may be NULL. */
int mgm_h264_leave_unread(H264Context* h, MgmPicture* picture);

#endif
