/* Arithmetic decoding finds no wrong bit: it goes on with other symbols. But then the blocks of a
 * slice rarely end where its data end, and that can be seen. */
#ifndef MGM_TAPS_CABAC_END_H
#define MGM_TAPS_CABAC_END_H

#include <libavcodec/cabac.h>
#include <stddef.h>

/* Whether a decoder that has just read the end of a slice stands at the end of the slice's data. It
 * may not have fetched their last bytes yet, and zeros may follow them. */
static inline int mgm_cabac_ends(const CABACContext* cabac) {
  enum { kUnfetched = 2, kOverread = 4 };
  const ptrdiff_t left = cabac->bytestream_end - cabac->bytestream;
  if (left < -kOverread) return 0;
  for (ptrdiff_t i = kUnfetched; i < left; ++i) {
    if (cabac->bytestream[i] != 0) return 0;
  }
  return 1;
}

#endif
