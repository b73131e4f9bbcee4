/* Pictures of the MPEG family that nobody wants. From one picture to the next their decoders keep
 * the tables that predict intra blocks, and reset them where a block is none: a picture that is
 * left out leaves them as they were, which is what the next one needs. What else they keep comes
 * from headers, but for two things:
 *
 *  - a B picture of MPEG-4 and H.263 takes vectors, and which macroblocks are skipped, from the
 *    reference that is shown after it: mgm_need();
 *  - the ends of pictures tell whether the encoder pads them wrongly, and where in Microsoft's
 *    codecs key pictures end stand the bit rate and with it the tables of later ones. So the first
 *    picture is read, and of Microsoft's every key picture. */
#include "mpegvideo_unread.h"

#include <libavcodec/h263dec.h>
#include <libavcodec/mpeg12.h>
#include <libavcodec/mpeg_er.h>

int __real_ff_h263_resync(MpegEncContext* s);
int __wrap_ff_h263_resync(MpegEncContext* s);
void __real_ff_mpeg1_clean_buffers(MpegEncContext* s);
void __wrap_ff_mpeg1_clean_buffers(MpegEncContext* s);

/* Decoders of h263dec.c. */
static int has_macroblock_decoder(enum AVCodecID id) {
  switch (id) {
    case AV_CODEC_ID_MPEG4:
    case AV_CODEC_ID_H263:
    case AV_CODEC_ID_H263I:
    case AV_CODEC_ID_H263P:
    case AV_CODEC_ID_FLV1:
    case AV_CODEC_ID_MSMPEG4V1:
    case AV_CODEC_ID_MSMPEG4V2:
    case AV_CODEC_ID_MSMPEG4V3:
    case AV_CODEC_ID_WMV1:
    case AV_CODEC_ID_WMV2:
      return 1;
    default:
      return 0;
  }
}

static int leave_macroblock(MpegEncContext* s, int16_t block[12][64]) {
  (void)s;
  (void)block;
  return SLICE_ERROR;
}

static int can_leave(const MgmTap* tap, const MpegEncContext* s) {
  const int key_of_microsoft =
      s->msmpeg4_version != MSMP4_UNUSED && s->pict_type == AV_PICTURE_TYPE_I;
  return tap->skip_blocks && tap->vectors_only && tap->begun && !key_of_microsoft &&
         !s->partitioned_frame && !s->studio_profile;
}

void mgm_mpegvideo_begin_unread(MgmTap* tap, MgmMpegvideoUnread* unread, MpegEncContext* s,
                                MgmPicture* picture) {
  if (!has_macroblock_decoder(s->codec_id)) return;
  if (s->decode_mb == leave_macroblock) s->decode_mb = unread->decode_mb;
  if (s->pict_type == AV_PICTURE_TYPE_B && s->next_pic.ptr) {
    mgm_need(tap, mgm_picture(s->next_pic.ptr->f));
  }
  if (can_leave(tap, s)) {
    unread->decode_mb = s->decode_mb;
    s->decode_mb = leave_macroblock;
    picture->unread = 1;
  }
  tap->begun = 1;
}

static int is_unread(const MpegEncContext* s) {
  const MgmPicture* picture =
      mgm_tap(s->avctx) && s->cur_pic.ptr ? mgm_picture(s->cur_pic.ptr->f) : NULL;
  return picture && picture->unread;
}

/* There is nothing to look for behind a slice that was left. */
int __wrap_ff_h263_resync(MpegEncContext* s) {
  return is_unread(s) ? -1 : __real_ff_h263_resync(s);
}

/* A slice of MPEG-1 and MPEG-2 begins; none keeps anything for the next. Of zeros it cannot be
 * made. */
void __wrap_ff_mpeg1_clean_buffers(MpegEncContext* s) {
  static const uint8_t zeros[8 + AV_INPUT_BUFFER_PADDING_SIZE];
  const MgmTap* tap = mgm_tap(s->avctx);
  __real_ff_mpeg1_clean_buffers(s);
  MgmPicture* picture = tap && s->cur_pic.ptr ? mgm_picture(s->cur_pic.ptr->f) : NULL;
  if (!picture || !tap->skip_blocks || !tap->vectors_only) return;
  picture->unread = 1;
  init_get_bits8(&s->gb, zeros, 8);
}
