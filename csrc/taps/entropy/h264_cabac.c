/* libavcodec's parser of H.264 macroblocks once more, with our arithmetic decoder, for processors
 * that shift by a register at no cost. What sets up a slice's states is the same, in vectors. */
#define ff_h264_decode_mb_cabac mgm_h264_decode_mb_cabac
#define ff_h264_init_cabac_states mgm_h264_init_cabac_states
/* clang-format off */
#include "taps/entropy/cabac.h"
#include <libavcodec/h264_cabac.c>
/* clang-format on */
#undef ff_h264_init_cabac_states
#undef ff_h264_decode_mb_cabac
#include "taps/entropy/h264_cabac.h"

#include "taps/entropy/processor.h"

int __real_ff_h264_decode_mb_cabac(const H264Context* h, H264SliceContext* sl);
int __wrap_ff_h264_decode_mb_cabac(const H264Context* h, H264SliceContext* sl);
void __real_ff_h264_init_cabac_states(const H264Context* h, H264SliceContext* sl);
void __wrap_ff_h264_init_cabac_states(const H264Context* h, H264SliceContext* sl);

MgmH264Parse* mgm_h264_cabac_parser(void) {
  return mgm_has_bmi() ? mgm_h264_decode_mb_cabac : __real_ff_h264_decode_mb_cabac;
}

int __wrap_ff_h264_decode_mb_cabac(const H264Context* h, H264SliceContext* sl) {
  return mgm_h264_cabac_parser()(h, sl);
}

void __wrap_ff_h264_init_cabac_states(const H264Context* h, H264SliceContext* sl) {
  if (mgm_has_bmi()) {
    mgm_h264_init_cabac_states(h, sl);
  } else {
    __real_ff_h264_init_cabac_states(h, sl);
  }
}
