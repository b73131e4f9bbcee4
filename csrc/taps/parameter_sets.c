#include "parameter_sets.h"

#include <libavcodec/codec_desc.h>
#include <libavcodec/h264dec.h>
#include <stddef.h>

static const SPS* parameter_set(const H264Context* h, int i) { return h->ps.sps_list[i]; }

int mgm_may_hold_fields(const AVCodecContext* context) {
  if (context->codec_id == AV_CODEC_ID_MPEG2VIDEO) {
    return context->field_order != AV_FIELD_PROGRESSIVE;
  }
  if (context->codec_id != AV_CODEC_ID_H264) return 0;
  const H264Context* h = context->priv_data;
  int known = 0;
  for (int i = 0; i < MAX_SPS_COUNT; ++i) {
    const SPS* sps = parameter_set(h, i);
    if (sps && !sps->frame_mbs_only_flag) return 1;
    known |= sps != NULL;
  }
  return !known;
}

static int h264_may_reorder(const SPS* sps) {
  const int no_b_frames = sps->profile_idc == AV_PROFILE_H264_BASELINE || sps->poc_type == 2;
  const int told_not_to = sps->bitstream_restriction_flag && sps->num_reorder_frames == 0;
  return !no_b_frames && !told_not_to;
}

int mgm_may_reorder(const AVCodecContext* context) {
  const AVCodecDescriptor* codec = avcodec_descriptor_get(context->codec_id);
  if (!codec || !(codec->props & AV_CODEC_PROP_REORDER)) return 0;
  if (context->codec_id == AV_CODEC_ID_HEVC && context->extradata_size > 0) {
    return context->has_b_frames > 0;
  }
  if (context->codec_id != AV_CODEC_ID_H264) return 1;
  const H264Context* h = context->priv_data;
  int known = 0;
  for (int i = 0; i < MAX_SPS_COUNT; ++i) {
    const SPS* sps = parameter_set(h, i);
    if (sps && h264_may_reorder(sps)) return 1;
    known |= sps != NULL;
  }
  return !known;
}
