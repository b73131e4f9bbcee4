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

/* What a flush leaves in a decoder of what packets brought. */
enum MgmKept {
  MGM_KEEPS_NOTHING,
  MGM_KEEPS_PARAMETER_SETS, /* and mgm_parameter_sets tells which */
  MGM_KEEPS_HEADERS,        /* or more, and nobody tells */
};
enum MgmKept mgm_kept_by_flush(const AVCodecContext* context);

/* A number for the parameter sets that the decoder holds: the same for the same. */
uint64_t mgm_parameter_sets(const AVCodecContext* context);

#ifdef __cplusplus
}
#endif
#endif
