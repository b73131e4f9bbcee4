#include "hevc_unread.h"

#include <string.h>

int mgm_hevc_leaves_unread(const HEVCContext* s, const MgmTap* tap) {
  /* Without temporal candidates no vector is predicted from another picture's. */
  const int alone = tap->costs || !s->pps->sps->temporal_mvp_enabled;
  /* Dependent slice segments go on from the state in which the one before them ended. */
  return tap->skip_blocks && tap->vectors_only && alone &&
         !s->pps->dependent_slice_segments_enabled_flag;
}

void mgm_hevc_leave_unread(HEVCContext* s, MgmPicture* picture) {
  const HEVCSPS* sps = s->pps->sps;
  const size_t units = (size_t)sps->min_pu_width * (size_t)sps->min_pu_height;
  memset(s->cur_frame->tab_mvf, 0, units * sizeof *s->cur_frame->tab_mvf);
  picture->unread = 1;
  picture->concealed = 0;
}
