#ifndef MGM_TAPS_MPEGVIDEO_MACROBLOCK_H
#define MGM_TAPS_MPEGVIDEO_MACROBLOCK_H

#include <libavcodec/mpegvideo.h>

#include "export.h"
#include "tap.h"

/* Four blocks of 8x8, or two of one field each by dual prime, each with two vectors. */
enum { MGM_MPEGVIDEO_MOST_BLOCKS = 8 };

/* Writes the blocks of the macroblock just parsed, intra ones too; returns where the next goes.
 * There must be room for MGM_MPEGVIDEO_MOST_BLOCKS. */
MgmBlock* mgm_mpegvideo_macroblock(const MpegEncContext* s, MgmPicture* picture, MgmBlock* next);

/* Notes what libavcodec's own rows of the macroblock refer to. */
void mgm_mpegvideo_note(const MpegEncContext* s, MgmPicture* picture, MgmCell* cell);

#endif
