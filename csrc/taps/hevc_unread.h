#ifndef MGM_TAPS_HEVC_UNREAD_H
#define MGM_TAPS_HEVC_UNREAD_H

#include <libavcodec/hevc/hevcdec.h>

#include "tap.h"

/* Whether the picture that begins is left unread: what is counted of others needs nothing of it, as
 * no bit of a slice is parsed by what other pictures hold. Vectors need it where the sequence lets
 * them be predicted from those of other pictures. */
int mgm_hevc_leaves_unread(const HEVCContext* s, const MgmTap* tap);

/* Makes all of it intra, which is what pictures that take vectors from it then find. Each of its
 * slices is to end with its first coding tree. */
void mgm_hevc_leave_unread(HEVCContext* s, MgmPicture* picture);

#endif
