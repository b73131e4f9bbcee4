#include "h264_cover.h"

#include "cabac_end.h"

int mgm_h264_place(const H264Context* h, const H264SliceContext* sl) {
  return sl->mb_y * h->mb_width + sl->mb_x;
}

void mgm_h264_begin_cover(MgmH264Cover* cover, const H264Context* h, MgmPicture* picture,
                          int intra) {
  *cover = (MgmH264Cover){.intra = intra};
  /* Of a frame in fields one may be missing rightly. */
  picture->concealed = !intra && h->picture_structure == PICT_FRAME;
}

static int ends_rightly(const H264Context* h, H264SliceContext* sl) {
  enum { kTrailingBits = 8 };
  if (h->ps.pps->cabac) return mgm_cabac_ends(&sl->cabac);
  return get_bits_left(&sl->gb) <= kTrailingBits;
}

void mgm_h264_cover(MgmH264Cover* cover, const H264Context* h, MgmPicture* picture, int begin,
                    int status) {
  H264SliceContext* sl = &h->slice_ctx[0];
  if (cover->intra) return;
  const int is_frame = h->picture_structure == PICT_FRAME;
  if (status < 0 || !ends_rightly(h, sl) || (is_frame && begin > cover->next)) cover->damaged = 1;
  cover->next = FFMAX(cover->next, mgm_h264_place(h, sl));
  const int complete = !is_frame || cover->next >= h->mb_width * h->mb_height;
  picture->concealed = (uint8_t)(cover->damaged || !complete);
}
