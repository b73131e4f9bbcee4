#include "h264_rows.h"

#include <stdlib.h>
#include <string.h>

#include "h264_macroblock.h"

/* begin is at most 1 << 26, the most blocks that a picture can have. */
static uint32_t pack(size_t begin, size_t count) { return (uint32_t)(begin << 6 | count); }

static int clear(MgmH264Rows* rows, size_t num_macroblocks) {
  if (rows->num_macroblocks != num_macroblocks) {
    free(rows->packed);
    rows->packed = malloc(num_macroblocks * sizeof *rows->packed);
    rows->num_macroblocks = rows->packed ? num_macroblocks : 0;
  }
  if (!rows->packed) return AVERROR(ENOMEM);
  memset(rows->packed, 0, num_macroblocks * sizeof *rows->packed);
  return 0;
}

int mgm_h264_keep_rows(MgmH264Rows* rows, const H264Context* h, const MgmPicture* picture) {
  const size_t stride = (size_t)h->mb_stride;
  const int status = clear(rows, stride * (size_t)h->mb_height);
  if (status < 0) return status;
  for (size_t i = 0; i < picture->num_blocks; ++i) {
    const MgmBlock* block = &picture->blocks[i];
    uint32_t* packed = &rows->packed[(size_t)(block->y >> 4) * stride + (size_t)(block->x >> 4)];
    *packed = *packed ? *packed + 1 : pack(i, 1);
  }
  rows->kept = 1;
  return 0;
}

int mgm_h264_is_next(const MgmPicture* picture, const H264SliceContext* sl) {
  if (picture->num_blocks == 0) return 1;
  const MgmBlock* last = &picture->blocks[picture->num_blocks - 1];
  const int row = last->y >> 4;
  return sl->mb_y > row || (sl->mb_y == row && sl->mb_x > last->x >> 4);
}

void mgm_h264_replace_rows(MgmH264Rows* rows, MgmPicture* picture, int mb_xy, size_t count) {
  const uint32_t old = rows->packed[mb_xy];
  const size_t begin = picture->num_blocks - count, kept = old & 63;
  MgmBlock* place = picture->blocks + (old >> 6);
  if (old && count <= kept) {
    memcpy(place, picture->blocks + begin, count * sizeof *place);
    mgm_drop_blocks(place + count, kept - count);
    picture->num_blocks = begin;
    return;
  }
  mgm_drop_blocks(place, kept);
  if (old) {
    /* Room for every macroblock, so that the list does not grow however often this one comes. */
    const size_t spare = MGM_H264_MOST_BLOCKS - count;
    if (mgm_reserve_blocks(picture, spare) < 0) return;
    mgm_drop_blocks(picture->blocks + picture->num_blocks, spare);
    picture->num_blocks += spare;
    count = MGM_H264_MOST_BLOCKS;
  }
  rows->packed[mb_xy] = pack(begin, count);
}
