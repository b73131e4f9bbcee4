#ifndef MGM_TAPS_H264_ROWS_H
#define MGM_TAPS_H264_ROWS_H

#include <libavcodec/h264dec.h>

#include "tap.h"

/* The place of each macroblock of the current picture in the list of blocks, kept only where one
 * may come again or out of order: fields, and slices that overlap others. */
typedef struct MgmH264Rows {
  uint32_t* packed; /* by macroblock: begin << 6 | blocks kept there; 0: nothing */
  size_t num_macroblocks;
  int kept;
} MgmH264Rows;

/* Begins to keep them; what is noted already are whole macroblocks of a frame. */
int mgm_h264_keep_rows(MgmH264Rows* rows, const H264Context* h, const MgmPicture* picture);

/* Whether a slice begins behind all that was noted of its frame, as all but damaged ones do. */
int mgm_h264_is_next(const MgmPicture* picture, const H264SliceContext* sl);

/* The picture's last count blocks are the macroblock's: they take the place of what it left before.
 */
void mgm_h264_replace_rows(MgmH264Rows* rows, MgmPicture* picture, int mb_xy, size_t count);

#endif
