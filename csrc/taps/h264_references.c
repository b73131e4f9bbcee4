#include "h264_references.h"

#include <limits.h>
#include <string.h>

/* 1 for the field of a picture that is shown later, 0 for the earlier and where both are shown at
 * once. A field that was not decoded yet has the POC INT_MAX. */
static int is_later(const H264Picture* picture, int bottom) {
  return picture->field_poc[bottom] > picture->field_poc[!bottom];
}

/* A picture that stands in for one lost before this stream, of which only frame_num is known. */
static int is_gap(const H264Picture* picture) {
  return picture->field_poc[0] == INT_MAX && picture->field_poc[1] == INT_MAX;
}

static uint8_t add_lost(const H264Context* h, MgmPicture* picture, const H264Picture* lost) {
  /* Where nothing is reordered, frame_num counts frames. */
  const int most = 1 << h->ps.sps->log2_max_frame_num;
  const int back = (h->cur_pic_ptr->frame_num - lost->frame_num) & (most - 1);
  if (h->avctx->has_b_frames > 0 || back < 1 || back > H264_MAX_DPB_FRAMES) return 0;
  return mgm_add_reference(picture, picture, MGM_NO_POC, (int8_t)(-2 * back));
}

/* bottom: the parity of the field that refers, -1 where frames refer to frames. */
static MgmTarget find_target(const H264Context* h, MgmPicture* picture, const H264Ref* ref,
                             int bottom, uint8_t flags) {
  const H264Picture* parent = ref->parent;
  MgmTarget target = {.flags = flags};
  if (!parent || !parent->f) return target;
  if (is_gap(parent)) {
    target.reference = add_lost(h, picture, parent);
    return target;
  }
  int half = 0;
  if (bottom >= 0) {
    const int refers_to_bottom = (ref->reference & PICT_FRAME) == PICT_BOTTOM_FIELD;
    half = is_later(parent, refers_to_bottom) - is_later(h->cur_pic_ptr, bottom);
    target.rise = (int16_t)(4 * (refers_to_bottom - bottom));
  }
  target.reference = mgm_add_reference(picture, mgm_picture(parent->f), parent->poc, (int8_t)half);
  return target;
}

/* Whether slices scale or shift what they take from this entry of a list. */
static int is_weighted(const H264SliceContext* sl, unsigned list, unsigned entry) {
  const int* luma = sl->pwt.luma_weight[entry][list];
  return sl->pwt.use_weight == 1 &&
         (luma[0] != 1 << sl->pwt.luma_log2_weight_denom || luma[1] != 0);
}

void mgm_h264_find_targets(MgmTargets targets, const H264Context* h, const H264SliceContext* sl,
                           MgmPicture* picture) {
  memset(targets, 0, sizeof(MgmTargets));
  const int bottom = FIELD_PICTURE(h) ? h->picture_structure == PICT_BOTTOM_FIELD : -1;
  for (unsigned list = 0; list < sl->list_count; ++list) {
    const H264Ref* refs = sl->ref_list[list];
    for (unsigned i = 0; i < FFMIN(sl->ref_count[list], 32); ++i) {
      const uint8_t flags = is_weighted(sl, list, i) ? MGM_BLOCK_BLENDED : 0;
      targets[MGM_H264_OWN][list][i] = find_target(h, picture, &refs[i], bottom, flags);
      if (!FRAME_MBAFF(h) || i >= 16) continue;
      /* The even index of a field macroblock means the field of its own parity. */
      for (unsigned n = 2 * i; n < 2 * i + 2; ++n) {
        targets[MGM_H264_TOP][list][n] = find_target(h, picture, &refs[16 + n], 0, flags);
        targets[MGM_H264_BOTTOM][list][n] = find_target(h, picture, &refs[16 + (n ^ 1)], 1, flags);
      }
    }
  }
}
