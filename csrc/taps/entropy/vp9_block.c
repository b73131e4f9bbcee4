/* libavcodec's parser of VP9 blocks once more, with our boolean decoder, for processors that
 * shift by a register at no cost. */
#define ff_vp9_decode_block mgm_vp9_decode_block
/* clang-format off */
#include "taps/entropy/range_decoder.h"
#include <libavcodec/vp9block.c>
/* clang-format on */
#undef ff_vp9_decode_block
#include "taps/entropy/processor.h"

void __real_ff_vp9_decode_block(VP9TileData* td, int row, int col, VP9Filter* levels,
                                ptrdiff_t y_off, ptrdiff_t uv_off, enum BlockLevel level,
                                enum BlockPartition partition);
void __wrap_ff_vp9_decode_block(VP9TileData* td, int row, int col, VP9Filter* levels,
                                ptrdiff_t y_off, ptrdiff_t uv_off, enum BlockLevel level,
                                enum BlockPartition partition);

void __wrap_ff_vp9_decode_block(VP9TileData* td, int row, int col, VP9Filter* levels,
                                ptrdiff_t y_off, ptrdiff_t uv_off, enum BlockLevel level,
                                enum BlockPartition partition) {
  if (mgm_has_bmi()) {
    mgm_vp9_decode_block(td, row, col, levels, y_off, uv_off, level, partition);
  } else {
    __real_ff_vp9_decode_block(td, row, col, levels, y_off, uv_off, level, partition);
  }
}
