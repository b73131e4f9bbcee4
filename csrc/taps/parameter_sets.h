/* What the parameter sets of an opened decoder allow, as far as its private state tells. */
#ifndef MGM_TAPS_PARAMETER_SETS_H
#define MGM_TAPS_PARAMETER_SETS_H

#include <libavcodec/avcodec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A packet may hold one field of a frame. */
int mgm_may_hold_fields(const AVCodecContext* context);

/* Pictures may be shown in another order than that in which they are decoded. */
int mgm_may_reorder(const AVCodecContext* context);

#ifdef __cplusplus
}
#endif
#endif
