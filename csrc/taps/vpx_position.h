#ifndef MGM_TAPS_VPX_POSITION_H
#define MGM_TAPS_VPX_POSITION_H

#include <libavcodec/vpx_rac.h>
#include <libavutil/intmath.h>
#include <stdint.h>

/* Bits that the boolean decoder of VP8 and VP9 has taken since `begin`, its register of 8 bits
 * included. It scales its range when it is next asked: that is counted before. */
static av_always_inline int64_t mgm_vpx_position(const VPXRangeCoder* c, const uint8_t* begin) {
  const int due = 7 - av_log2((unsigned)c->high);
  return 8 * (int64_t)(c->buffer - begin) + c->bits + due;
}

/* Where it stands once it has been set to a byte. */
enum { MGM_VPX_REGISTER = 8 };

#endif
