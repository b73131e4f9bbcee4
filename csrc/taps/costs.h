/* What the blocks of a picture take in the stream, in bits. Counted by reading positions that the
 * decoders keep anyway: from one block to the next, so that blocks, headers and ends of slices add
 * up to the slices, bit by bit. */
#ifndef MGM_TAPS_COSTS_H
#define MGM_TAPS_COSTS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MgmCosts {
  int32_t* bits;   /* of each unit, row by row; kept when the picture is reused */
  size_t capacity; /* units that bits has room for */
  int side;        /* of a unit, in pixels of the coded picture; 0: nothing was counted */
  int columns, rows;
  int64_t header_bits; /* before the first block of each slice or tile */
  int64_t end_bits;    /* behind the last block of each, and alignment */
  int64_t slice_bits;  /* of all slices, as the decoder was given them, or -1: nobody says */
  int64_t quantisers, num_quantisers; /* sum and number */
  int wanted;                         /* MgmTap.costs when the picture began */
  int misread; /* a position moved backward: what was counted means nothing */
} MgmCosts;

/* Zeroes the units of a picture that begins; or an AVERROR. */
int mgm_begin_costs(MgmCosts* costs, int width, int height, int side);

/* As if nothing had begun; the memory stays. */
void mgm_reset_costs(MgmCosts* costs, int wanted);

static inline void mgm_add_cost(MgmCosts* costs, int column, int row, int64_t bits) {
  if (bits < 0) costs->misread = 1;
  if ((unsigned)column >= (unsigned)costs->columns || (unsigned)row >= (unsigned)costs->rows)
    return;
  costs->bits[(size_t)row * (size_t)costs->columns + (size_t)column] += (int32_t)bits;
}

/* Shares bits among all units that an area touches, in whole bits: none is lost. In pixels. */
void mgm_spread_cost(MgmCosts* costs, int x, int y, int w, int h, int64_t bits);

static inline void mgm_add_quantiser(MgmCosts* costs, int quantiser) {
  costs->quantisers += quantiser;
  ++costs->num_quantisers;
}

#ifdef __cplusplus
}
#endif
#endif
