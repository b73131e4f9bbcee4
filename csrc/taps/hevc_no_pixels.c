#include "hevc_no_pixels.h"

#include <libavcodec/hevc/hevcdec.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
static void no_intra(HEVCLocalContext* lc, const HEVCPPS* pps, int x, int y, int plane) {}
static void no_pcm(uint8_t* to, ptrdiff_t stride, int w, int h, GetBitContext* bits, int depth) {}
static void no_residual(uint8_t* to, const int16_t* residual, ptrdiff_t stride) {}
static void no_dequant(int16_t* coefficients, int16_t log2_size) {}
static void no_rdpcm(int16_t* coefficients, int16_t log2_size, int mode) {}
static void no_transform(int16_t* coefficients) {}
static void no_idct(int16_t* coefficients, int columns) {}
#pragma GCC diagnostic pop

void mgm_hevc_drop_pixels(HEVCDSPContext* dsp, HEVCPredContext* pred) {
  dsp->put_pcm = no_pcm;
  dsp->dequant = no_dequant;
  dsp->transform_rdpcm = no_rdpcm;
  dsp->transform_4x4_luma = no_transform;
  for (int i = 0; i < 4; ++i) {
    dsp->add_residual[i] = no_residual;
    dsp->idct[i] = no_idct;
    dsp->idct_dc[i] = no_transform;
    pred->intra_pred[i] = no_intra;
  }
}
