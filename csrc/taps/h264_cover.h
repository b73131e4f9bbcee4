#ifndef MGM_TAPS_H264_COVER_H
#define MGM_TAPS_H264_COVER_H

#include <libavcodec/h264dec.h>

#include "tap.h"

/* How far the slices of the current frame reach, in macroblocks. Libavcodec's own account of lost
 * ones belongs to its concealment, which is off. */
typedef struct MgmH264Cover {
  int next;    /* the first that no slice reached yet */
  int damaged; /* some were skipped, or a slice ends wrongly */
  int intra;   /* the frame holds no vectors, and nothing else of it matters */
} MgmH264Cover;

/* Before the first slice: the picture is damaged until its slices are seen to cover it. With intra
 * it is not, and its intra slices are not looked at. */
void mgm_h264_begin_cover(MgmH264Cover* cover, const H264Context* h, MgmPicture* picture,
                          int intra);

/* Where a slice begins, and that it ended with a status of its decoder. */
void mgm_h264_cover(MgmH264Cover* cover, const H264Context* h, MgmPicture* picture, int begin,
                    int status);

/* Number of the macroblock at which a slice stands. */
int mgm_h264_place(const H264Context* h, const H264SliceContext* sl);

#endif
