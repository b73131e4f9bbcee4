#ifndef MGM_TAPS_H264_MACROBLOCK_H
#define MGM_TAPS_H264_MACROBLOCK_H

#include <libavcodec/h264dec.h>

#include "tap.h"

/* What a reference index means. */
typedef struct MgmTarget {
  uint8_t reference; /* index into MgmPicture.references */
  int8_t rise;       /* quarter pixels that the field referred to lies below ours */
} MgmTarget;

/* 16 blocks of 4x4, each with two vectors. */
enum { MGM_H264_MOST_BLOCKS = 32 };

/* Writes the blocks of the macroblock just parsed, intra ones too; returns where the next goes.
 * targets: by list and reference index. There must be room for MGM_H264_MOST_BLOCKS. */
MgmBlock* mgm_h264_macroblock(const H264Context* h, const H264SliceContext* sl,
                              const MgmTarget (*targets)[32], MgmBlock* next);

#endif
