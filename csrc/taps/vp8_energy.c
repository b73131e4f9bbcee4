#include "vp8_energy.h"

#include <string.h>

#include "squares.h"

enum { kBlock = 16, kLumaBlocks = 16 };

/* The functions are handed a block and no context. A decoder with vectors has one thread, and
 * nothing is kept from one row to the next. Found without a call, for each block asks. */
static _Thread_local __attribute__((tls_model("initial-exec"))) struct {
  MgmEnergy* energy;
  VP8ThreadData* td;
} row;

/* Rows of the transform have a norm of 4, and what they add is divided by 8: four squares make one
 * squared level. The decoder says which macroblock it finished last, -1 before the first. */
static void add(const int16_t* block, uint64_t squares) {
  if (!row.energy) return;
  const int position = atomic_load_explicit(&row.td->thread_mb_pos, memory_order_relaxed);
  const int plane = block - row.td->block[0][0] < kLumaBlocks * kBlock ? MGM_LUMA : MGM_CHROMA;
  mgm_add_energy(row.energy, plane, (position + 1) & 0xFFFF, position >> 16,
                 squares << (MGM_ENERGY_SHIFT - 2));
}

static uint64_t take_first(int16_t* block) {
  const uint64_t square = (uint64_t)(block[0] * block[0]);
  block[0] = 0;
  return square;
}

static void take_block(uint8_t* dst, int16_t block[16], ptrdiff_t stride) {
  (void)dst, (void)stride;
  add(block, mgm_squares(block, kBlock));
  memset(block, 0, kBlock * sizeof *block);
}

static void take_first_of_block(uint8_t* dst, int16_t block[16], ptrdiff_t stride) {
  (void)dst, (void)stride;
  add(block, take_first(block));
}

static void take_first_of_four(uint8_t* dst, int16_t block[4][16], ptrdiff_t stride) {
  (void)dst, (void)stride;
  uint64_t squares = 0;
  for (int i = 0; i < 4; ++i) squares += take_first(block[i]);
  add(block[0], squares);
}

void mgm_vp8_tap_transforms(VP8DSPContext* dsp, const VP8DSPContext* real) {
  dsp->vp8_luma_dc_wht = real->vp8_luma_dc_wht;
  dsp->vp8_luma_dc_wht_dc = real->vp8_luma_dc_wht_dc;
  dsp->vp8_idct_add = take_block;
  dsp->vp8_idct_dc_add = take_first_of_block;
  dsp->vp8_idct_dc_add4y = take_first_of_four;
  dsp->vp8_idct_dc_add4uv = take_first_of_four;
}

void mgm_vp8_begin_energy(MgmEnergy* energy, VP8ThreadData* td) {
  row.energy = energy;
  row.td = td;
}

void mgm_vp8_end_energy(void) {
  row.energy = NULL;
  row.td = NULL;
}
