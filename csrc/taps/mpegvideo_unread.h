#ifndef MGM_TAPS_MPEGVIDEO_UNREAD_H
#define MGM_TAPS_MPEGVIDEO_UNREAD_H

#include <libavcodec/mpegvideo.h>

#include "tap.h"

/* Pictures of which no macroblock is read: they keep their place, as references and in the order of
 * frames. What the header of each says is read as ever. */
typedef struct MgmMpegvideoUnread {
  int (*decode_mb)(MpegEncContext* s, int16_t block[12][64]); /* the decoder's own */
} MgmMpegvideoUnread;

/* Where a picture of H.263, MPEG-4 and their kin has begun: leaves it unread if the tap wants so
 * and nothing read later asks for more than its header. */
void mgm_mpegvideo_begin_unread(MgmTap* tap, MgmMpegvideoUnread* unread, MpegEncContext* s,
                                MgmPicture* picture);

#endif
