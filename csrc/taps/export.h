/* The rows of libavcodec's public export (AV_CODEC_EXPORT_DATA_MVS), each with its reference.
 *
 * With MgmTap.export_rows a tap leaves MgmPicture.blocks alone. It asks for the picture's cells
 * once, before the first macroblock, and notes in each what its 8x8 blocks refer to. When the frame
 * is put out, libavcodec's own tables become the blocks. Macroblocks without a note give none. */
#ifndef MGM_TAPS_EXPORT_H
#define MGM_TAPS_EXPORT_H

#include "tap.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  MGM_CELL_UNSEEN = 0, /* the macroblock was not decoded */
  MGM_CELL_NONE = 1,   /* the list is not used there: a row of it is a phantom */
  MGM_CELL_FIRST = 2,  /* plus an index into MgmPicture.references */
};

/* By list and 8x8 block. */
typedef struct MgmCell {
  uint8_t reference[2][4];
} MgmCell;

/* Cells [num_cells], macroblock x + y * mb_stride, all unseen; NULL (and picture->failed) when out
 * of memory. A picture that never asks for them is taken to refer to references[list] throughout
 * (codecs where a list is one picture). */
MgmCell* mgm_export_cells(MgmPicture* picture, size_t num_cells);

#ifdef __cplusplus
}
#endif
#endif
