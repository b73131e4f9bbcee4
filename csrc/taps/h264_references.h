#ifndef MGM_TAPS_H264_REFERENCES_H
#define MGM_TAPS_H264_REFERENCES_H

#include <libavcodec/h264dec.h>
#include <libavcodec/mpegutils.h>

#include "tap.h"

/* What a reference index means. */
typedef struct MgmTarget {
  uint8_t flags;     /* MGM_BLOCK_BLENDED where it is weighted */
  uint8_t reference; /* index into MgmPicture.references; 0 is an unknown one */
  int16_t rise;      /* quarter pixels that the field referred to lies below ours */
} MgmTarget;

/* Whose reference indices: those of frame macroblocks and of field pictures, or those of the top
 * and the bottom macroblock of a field pair in an MBAFF frame. */
enum { MGM_H264_OWN, MGM_H264_TOP, MGM_H264_BOTTOM };

/* By the above, list and reference index. */
typedef MgmTarget MgmTargets[3][2][32];

/* Looks up all that a slice may refer to, once its lists are made. The unknown reference must be
 * the picture's first. */
void mgm_h264_find_targets(MgmTargets targets, const H264Context* h, const H264SliceContext* sl,
                           MgmPicture* picture);

static inline int mgm_h264_whose(const H264SliceContext* sl) {
  if (!MB_MBAFF(sl)) return MGM_H264_OWN;
  return sl->mb_y & 1 ? MGM_H264_BOTTOM : MGM_H264_TOP;
}

#endif
