/* What blocks add to their prediction: the energy of a picture's residual, from its dequantised
 * coefficients. A transform keeps energy (Parseval): the sum of squared samples that it adds is the
 * sum of squared coefficients, each times what its basis function has, so that no transform is
 * needed. Only what rounding and clipping of samples change is not in it. */
#ifndef MGM_TAPS_ENERGY_H
#define MGM_TAPS_ENERGY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  MGM_LUMA,
  MGM_CHROMA, /* both planes of it */
  MGM_ENERGY_SHIFT = 16,
};

/* Of each cell in 1 / 65536 (MGM_ENERGY_SHIFT) of a squared sample level of the stream's depth. */
typedef struct MgmEnergy {
  uint64_t* cells[2]; /* of luma and of chroma, row by row; one piece of memory, kept for reuse */
  size_t room;        /* numbers that it has room for */
  int side;           /* of a cell, in pixels of the coded picture; 0: nothing was begun */
  int columns, rows;
  int wanted;  /* MgmTap.energy when the picture began */
  int unknown; /* the picture has blocks whose energy nobody can say: what was added means nothing
                */
} MgmEnergy;

/* Zeroes the cells of a picture that begins; or an AVERROR. */
int mgm_begin_energy(MgmEnergy* energy, int width, int height, int side);

/* As if nothing had begun; the memory stays. */
void mgm_reset_energy(MgmEnergy* energy, int wanted);

/* To the cell at (column, row). More than any block can hold makes the picture unknown. */
static inline void mgm_add_energy(MgmEnergy* energy, int plane, int column, int row,
                                  uint64_t value) {
  const uint64_t most = UINT64_C(1) << 54; /* of 64x64 samples of 12 bits, twice over */
  if ((unsigned)column >= (unsigned)energy->columns || (unsigned)row >= (unsigned)energy->rows)
    return;
  uint64_t* cell = &energy->cells[plane][(size_t)row * (size_t)energy->columns + (size_t)column];
  if (value > most || *cell > most) energy->unknown = 1;
  *cell += value;
}

/* Shares it among all cells that an area touches, alike. In pixels of luma. */
void mgm_spread_energy(MgmEnergy* energy, int plane, int x, int y, int w, int h, uint64_t value);

#ifdef __cplusplus
}
#endif
#endif
