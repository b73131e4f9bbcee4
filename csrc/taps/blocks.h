/* What every tap writes and the field is binned from: the blocks of one picture. No type of a
 * decoder, so that who reads them needs none. */
#ifndef MGM_TAPS_BLOCKS_H
#define MGM_TAPS_BLOCKS_H

#include <stdint.h>

enum { MGM_LONGEST_SIDE = INT16_MAX }; /* of a picture: MgmBlock.x and y hold no more */

enum {
  /* What users see in MotionVectors.flags. */
  MGM_BLOCK_SKIP = 1,
  MGM_BLOCK_DIRECT = 2, /* direct or merge: the vector was derived, not sent */
  MGM_BLOCK_LIST1 = 4,
  MGM_BLOCK_FIELD = 8,
  /* What stays in the core. */
  MGM_BLOCK_CODED = 16,    /* carries coefficients, or is intra */
  MGM_BLOCK_INTRA = 32,    /* an area without vector: motion and reference are 0 */
  MGM_BLOCK_SECOND = 64,   /* the second vector of the block in the row before */
  MGM_BLOCK_BLENDED = 128, /* prediction is no mere copy (two vectors: no mean of two): scaled,
                              warped, weighted or mixed with another one */
  MGM_BLOCK_PUBLIC = 15,
};

/* One vector of one coded block. Motion is as the bitstream means it: from the block to its source,
 * in units of 1 / motion_scale pixel. A field block (MGM_BLOCK_FIELD) covers every second line of
 * its area: y, h and motion_y are in frame lines. */
typedef struct MgmBlock {
  int16_t x, y; /* centre, in pixels of the coded picture (before cropping) */
  uint8_t w, h;
  uint8_t flags;
  uint8_t reference; /* index into MgmPicture.references */
  int32_t motion_x, motion_y;
} MgmBlock;

#endif
