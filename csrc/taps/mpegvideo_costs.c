#include "mpegvideo_costs.h"

#include <libavcodec/mpegutils.h>

enum { kMacroblock = 16, kStartCode = 32 };

int mgm_mpegvideo_counts(enum AVCodecID id) {
  switch (id) {
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_MPEG4:
    case AV_CODEC_ID_H263:
    case AV_CODEC_ID_H263P:
    case AV_CODEC_ID_FLV1:
    case AV_CODEC_ID_MSMPEG4V1:
    case AV_CODEC_ID_MSMPEG4V2:
    case AV_CODEC_ID_MSMPEG4V3:
    case AV_CODEC_ID_WMV1:
    case AV_CODEC_ID_WMV2:
    case AV_CODEC_ID_H263I:
      return 1;
    default:
      return 0; /* nothing tells where the headers of slices end, or bits lie in partitions */
  }
}

static int is_mpeg12(const MpegEncContext* s) {
  return s->codec_id == AV_CODEC_ID_MPEG1VIDEO || s->codec_id == AV_CODEC_ID_MPEG2VIDEO;
}

void mgm_mpegvideo_begin_costs(MgmMpegvideoCosts* counted, MgmPicture* picture) {
  counted->costs = mgm_count_costs(picture, kMacroblock);
  counted->buffer = NULL;
  counted->position = 0;
}

void mgm_mpegvideo_begin_row(MgmMpegvideoCosts* counted, const MpegEncContext* s) {
  if (!is_mpeg12(s) || s->mb_x != s->resync_mb_x || s->mb_y != s->resync_mb_y) return;
  counted->begins = 1;
  counted->first_position = get_bits_count(&s->gb);
}

/* In another slice's buffer, behind the one before; the start code lies before the buffer. */
static int64_t bits_between(const MgmMpegvideoCosts* counted, const MpegEncContext* s) {
  const uint8_t* buffer = s->gb.buffer;
  if (!counted->buffer || buffer < counted->buffer || buffer > counted->end) return kStartCode;
  return 8 * (int64_t)(buffer - counted->buffer) - counted->position;
}

static void begin_slice(MgmMpegvideoCosts* counted, const MpegEncContext* s, int64_t first) {
  MgmCosts* costs = counted->costs;
  if (is_mpeg12(s)) {
    costs->header_bits += bits_between(counted, s) + first;
  } else {
    costs->header_bits += first - counted->position;
  }
  counted->buffer = s->gb.buffer;
  counted->end = s->gb.buffer_end;
  counted->position = first;
}

/* Where a slice's first macroblock begins; -1: this is not the first. */
static int64_t first_position(MgmMpegvideoCosts* counted, const MpegEncContext* s) {
  if (is_mpeg12(s)) {
    const int begins = counted->begins;
    counted->begins = 0;
    return begins ? counted->first_position : -1;
  }
  const int begins = s->mb_x == s->resync_mb_x && s->mb_y == s->resync_mb_y;
  return begins ? get_bits_count(&s->last_resync_gb) : -1;
}

/* Of one in a field picture every second line is its own: the pair of rows shares its bits. */
void mgm_mpegvideo_count(MgmMpegvideoCosts* counted, const MpegEncContext* s) {
  MgmCosts* costs = counted->costs;
  if (!costs) return;
  const int64_t first = first_position(counted, s);
  if (first >= 0) begin_slice(counted, s, first);
  const int64_t position = get_bits_count(&s->gb), bits = position - counted->position;
  counted->position = position;
  costs->end_bits = s->gb.size_in_bits - position;
  if (s->partitioned_frame) costs->misread = 1; /* bits of a macroblock lie in two places */
  mgm_add_quantiser(costs, s->qscale);
  if (s->picture_structure == PICT_FRAME || !is_mpeg12(s)) {
    mgm_add_cost(costs, s->mb_x, s->mb_y, bits);
    return;
  }
  const int row = s->mb_y & ~1;
  mgm_add_cost(costs, s->mb_x, row, bits - bits / 2);
  mgm_add_cost(costs, s->mb_x, row + 1, bits / 2);
}
