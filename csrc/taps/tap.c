#include "tap.h"

#include <stdlib.h>

extern const MgmCodec mgm_codec_av1;
extern const MgmCodec mgm_codec_h264;
extern const MgmCodec mgm_codec_mpegvideo;
extern const MgmCodec mgm_codec_vc1;
extern const MgmCodec mgm_codec_vp8;
extern const MgmCodec mgm_codec_vp9;
extern const MgmCodec mgm_codec_hevc;

/* One line per codec. */
static const MgmCodec* const codecs[] = {
    &mgm_codec_av1, &mgm_codec_h264, &mgm_codec_mpegvideo, &mgm_codec_vc1,
    &mgm_codec_vp8, &mgm_codec_vp9,  &mgm_codec_hevc,
};

static int decodes(const MgmCodec* codec, enum AVCodecID id) {
  if (codec->id == id) return 1;
  for (const enum AVCodecID* one = codec->ids; one && *one != AV_CODEC_ID_NONE; ++one) {
    if (*one == id) return 1;
  }
  return 0;
}

const MgmCodec* mgm_codec(enum AVCodecID id) {
  if (id == AV_CODEC_ID_NONE) return NULL;
  for (size_t i = 0; i < sizeof codecs / sizeof *codecs; ++i) {
    if (decodes(codecs[i], id)) return codecs[i];
  }
  return NULL;
}

const char* mgm_lacks_nothing(enum AVCodecID id) {
  (void)id;
  return NULL;
}

MgmPicture* mgm_picture(const AVFrame* frame) {
  return frame && frame->opaque_ref ? (MgmPicture*)frame->opaque_ref->data : NULL;
}

void mgm_need(MgmTap* tap, const MgmPicture* other) {
  if (tap->missed || tap->skip_blocks || !other || !other->unread) return;
  tap->missed = 1;
  tap->missed_pts = other->pts;
}

/* Twice as many as blocks of 4x4 with two vectors each, as macroblocks may have come again, and
 * whatever the decoder's padding. */
static size_t most_blocks(const MgmPicture* picture) {
  enum { kPadding = 256, kSide = 4 };
  const size_t across = ((size_t)picture->width + kPadding) / kSide;
  const size_t down = ((size_t)picture->height + kPadding) / kSide;
  return 4 * across * down;
}

int mgm_grow_blocks(MgmPicture* picture) {
  enum { kFirst = 1024, kMost = 1 << 26 };
  const size_t wanted = picture->max_blocks ? 2 * picture->max_blocks : kFirst;
  if (picture->num_blocks > most_blocks(picture)) {
    picture->concealed = 1;
    return AVERROR_INVALIDDATA;
  }
  MgmBlock* blocks = wanted <= kMost ? realloc(picture->blocks, wanted * sizeof *blocks) : NULL;
  if (!blocks) {
    picture->failed = 1;
    return AVERROR(ENOMEM);
  }
  picture->blocks = blocks;
  picture->max_blocks = wanted;
  return 0;
}

void mgm_drop_blocks(MgmBlock* blocks, size_t count) {
  for (size_t i = 0; i < count; ++i) blocks[i] = (MgmBlock){.flags = MGM_BLOCK_INTRA};
}

uint8_t mgm_add_reference(MgmPicture* picture, const MgmPicture* target, int32_t poc, int8_t half) {
  const int64_t serial = target ? target->serial : -1;
  for (int i = picture->num_references; i-- > 0;) {
    const MgmReference* known = &picture->references[i];
    if (known->serial == serial && known->half == half && known->poc == poc) return (uint8_t)i;
  }
  if (picture->num_references == MGM_MOST_REFERENCES) {
    picture->failed = 1;
    return 0;
  }
  picture->references[picture->num_references] = (MgmReference){
      .serial = serial,
      .pts = target ? target->pts : AV_NOPTS_VALUE,
      .poc = poc,
      .half = half,
      .hidden = target && target->hidden,
  };
  return (uint8_t)picture->num_references++;
}
