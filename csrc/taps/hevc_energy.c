#include "hevc_energy.h"

#include "squares.h"

/* Range extensions under which what is added is not what was sent: differences of samples, other
 * planes' residual, more bits than a coefficient holds here. */
static int is_unknown(const HEVCPPS* pps) {
  const HEVCSPS* sps = pps->sps;
  return sps->implicit_rdpcm_enabled || sps->explicit_rdpcm_enabled ||
         sps->extended_precision_processing || pps->cross_component_prediction_enabled_flag;
}

/* Rows of the transform of n samples have a norm of 64 * 64 * n (those of 4 to 32 within 0.3 %),
 * and two shifts by 27 - depth together are undone; where the transform is skipped the decoder
 * shifts so that the same holds. Without quantisation they are the samples. */
static int shift_of(const HEVCLocalContext* lc, const HEVCSPS* sps, int log2_size) {
  const int scaled = 2 * log2_size + 2 * sps->bit_depth - 30;
  return MGM_ENERGY_SHIFT + (lc->cu.cu_transquant_bypass_flag ? 0 : scaled);
}

void mgm_hevc_energy(MgmEnergy* energy, const HEVCLocalContext* lc, const HEVCPPS* pps, int x,
                     int y, int log2_size, int c_idx) {
  const HEVCSPS* sps = pps->sps;
  const uint8_t* buffer = c_idx ? lc->edge_emu_buffer2 : lc->edge_emu_buffer;
  if (is_unknown(pps)) energy->unknown = 1;
  if (energy->unknown) return;
  const int16_t* coefficients = (const int16_t*)(const void*)buffer;
  const uint64_t squares = mgm_squares(coefficients, 1 << 2 * log2_size);
  mgm_spread_energy(energy, c_idx ? MGM_CHROMA : MGM_LUMA, x, y,
                    (1 << log2_size) << sps->hshift[c_idx], (1 << log2_size) << sps->vshift[c_idx],
                    squares << shift_of(lc, sps, log2_size));
}
