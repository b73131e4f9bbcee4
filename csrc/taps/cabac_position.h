#ifndef MGM_TAPS_CABAC_POSITION_H
#define MGM_TAPS_CABAC_POSITION_H

#include <libavcodec/cabac.h>
#include <libavutil/intmath.h>
#include <stdint.h>

/* Bits that the arithmetic decoder of H.264 and HEVC has taken since `begin`, its register of 9
 * bits included. The lowest bit set in `low` wanders up as bits are used. */
static av_always_inline int64_t mgm_cabac_position(const CABACContext* c, const uint8_t* begin) {
  return 8 * (int64_t)(c->bytestream - begin) - CABAC_BITS + ff_ctz((unsigned)c->low);
}

/* Where it stands once it has been set to a byte. */
enum { MGM_CABAC_REGISTER = 9 };

#endif
