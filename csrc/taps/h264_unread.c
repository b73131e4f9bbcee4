#include "h264_unread.h"

#include <libavcodec/mpegutils.h>
#include <limits.h>

static void mark_intra(const H264Context* h) {
  for (int y = 0; y < h->mb_height; ++y) {
    uint32_t* types = h->cur_pic.mb_type + (ptrdiff_t)y * h->mb_stride;
    for (int x = 0; x < h->mb_width; ++x) types[x] = MB_TYPE_INTRA16x16;
  }
}

int mgm_h264_begins_intra(const H264Context* h, const H264SliceContext* sl) {
  /* The picture starts the stream anew, or the encoder says it with every slice. */
  const int all_alike = h->picture_idr || sl->slice_type_fixed;
  const int intra = all_alike && sl->slice_type_nos == AV_PICTURE_TYPE_I;
  if (!intra || FIELD_OR_MBAFF_PICTURE(h)) return 0;
  mark_intra(h);
  return 1;
}

int mgm_h264_leave_unread(H264Context* h, MgmPicture* picture) {
  if (picture) picture->concealed = 0;
  h->slice_ctx[0].next_slice_idx = INT_MAX;
  h->nb_slice_ctx_queued = 0;
  return 0;
}
