#include "parameter_sets.h"

#include <libavcodec/codec_desc.h>
#include <libavcodec/h264dec.h>
#include <libavcodec/hevc/hevcdec.h>
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

enum MgmKept mgm_kept_by_flush(const AVCodecContext* context) {
  switch (context->codec_id) {
    case AV_CODEC_ID_VP8:
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_AV1:
      return MGM_KEEPS_NOTHING; /* a key frame says all anew */
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
      /* Each thread of a frame-threaded decoder has sets of its own, out of our reach. */
      return context->active_thread_type & FF_THREAD_FRAME ? MGM_KEEPS_HEADERS
                                                           : MGM_KEEPS_PARAMETER_SETS;
    default:
      return MGM_KEEPS_HEADERS;
  }
}

/* FNV-1a. */
static uint64_t add_bytes(uint64_t number, const void* bytes, size_t count) {
  const uint8_t* at = bytes;
  for (size_t i = 0; i < count; ++i) number = (number ^ at[i]) * 0x100000001b3;
  return number;
}

static uint64_t add_set(uint64_t number, int id, const uint8_t* data, size_t count) {
  const uint64_t head[2] = {(uint64_t)id, count};
  return add_bytes(add_bytes(number, head, sizeof head), data, count);
}

static uint64_t h264_sets(const H264ParamSets* sets, uint64_t number) {
  for (int i = 0; i < MAX_SPS_COUNT; ++i) {
    const SPS* sps = sets->sps_list[i];
    if (sps) number = add_set(number, i, sps->data, sps->data_size);
  }
  for (int i = 0; i < MAX_PPS_COUNT; ++i) {
    const PPS* pps = sets->pps_list[i];
    if (pps) number = add_set(number, MAX_SPS_COUNT + i, pps->data, pps->data_size);
  }
  return number;
}

static uint64_t hevc_sets(const HEVCParamSets* sets, uint64_t number) {
  enum { kSps = HEVC_MAX_VPS_COUNT, kPps = kSps + HEVC_MAX_SPS_COUNT };
  for (int i = 0; i < HEVC_MAX_VPS_COUNT; ++i) {
    const HEVCVPS* vps = sets->vps_list[i];
    if (vps) number = add_set(number, i, vps->data, (size_t)vps->data_size);
  }
  for (int i = 0; i < HEVC_MAX_SPS_COUNT; ++i) {
    const HEVCSPS* sps = sets->sps_list[i];
    if (sps) number = add_set(number, kSps + i, sps->data, (size_t)sps->data_size);
  }
  for (int i = 0; i < HEVC_MAX_PPS_COUNT; ++i) {
    const HEVCPPS* pps = sets->pps_list[i];
    if (pps) number = add_set(number, kPps + i, pps->data, (size_t)pps->data_size);
  }
  return number;
}

uint64_t mgm_parameter_sets(const AVCodecContext* context) {
  const uint64_t none = 0xcbf29ce484222325;
  if (context->codec_id == AV_CODEC_ID_H264) {
    const H264Context* h = context->priv_data;
    return h264_sets(&h->ps, none);
  }
  if (context->codec_id != AV_CODEC_ID_HEVC) return none;
  const HEVCContext* s = context->priv_data;
  return hevc_sets(&s->ps, none);
}
