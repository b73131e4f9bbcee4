#ifndef MGM_TAPS_CABAC_POSITION_H
#define MGM_TAPS_CABAC_POSITION_H

#include <libavcodec/cabac.h>
#include <libavutil/intmath.h>
#include <libavutil/intreadwrite.h>
#include <stdint.h>

/* At the end of its data a decoder that checks for it (HEVC's, and on aarch64 every one) takes two
 * bytes more without moving on: what it holds are then those that lie ahead. A slice ends at the
 * latest one bit further. */
static av_always_inline int mgm_cabac_has_passed_end(const CABACContext* c) {
  if (c->bytestream < c->bytestream_end) return 0;
  const int used = ff_ctz((unsigned)c->low);
  if (used > 1) return 0;
  const unsigned mask = 0xFFFFU >> used;
  const unsigned held = (unsigned)c->low >> (used + 1) & mask;
  return held == (AV_RB16(c->bytestream) & mask) && held != (AV_RB16(c->bytestream - 2) & mask);
}

/* Bits that the arithmetic decoder of H.264 and HEVC has taken since `begin`, its register of 9
 * bits included. The lowest bit set in `low` wanders up as bits are used. */
static av_always_inline int64_t mgm_cabac_position(const CABACContext* c, const uint8_t* begin) {
  const int64_t behind = mgm_cabac_has_passed_end(c) ? 0 : CABAC_BITS;
  return 8 * (int64_t)(c->bytestream - begin) - behind + ff_ctz((unsigned)c->low);
}

/* Where it stands once it has been set to a byte. */
enum { MGM_CABAC_REGISTER = 9 };

#endif
