/* The bits of HEVC's coding trees. */
#ifndef MGM_TAPS_HEVC_COSTS_H
#define MGM_TAPS_HEVC_COSTS_H

#include <libavcodec/hevc/hevcdec.h>

#include "picture_costs.h"

typedef struct MgmHevcCosts {
  MgmCosts* costs;     /* of the current picture; NULL: nothing is counted */
  const uint8_t* data; /* of the slice, behind its header */
  int64_t position;    /* in it, behind the last coding tree */
} MgmHevcCosts;

/* The picture begins; it may be NULL. */
void mgm_hevc_begin_costs(MgmHevcCosts* counted, MgmPicture* picture, const HEVCSPS* sps);

/* The arithmetic decoder stands before a coding tree; `data` is that of the slice. */
void mgm_hevc_begin_tree(MgmHevcCosts* counted, const HEVCLocalContext* lc, const HEVCPPS* pps,
                         int ctb_addr_ts, const uint8_t* data, size_t size);

/* And behind the one at x, y. */
void mgm_hevc_end_tree(MgmHevcCosts* counted, const HEVCLocalContext* lc, int x, int y);

#endif
