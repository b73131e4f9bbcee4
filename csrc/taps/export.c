#include "export.h"

#include <libavcodec/mpegutils.h>
#include <stdlib.h>

typedef int16_t (*MotionTable)[2];

void __real_ff_print_debug_info2(AVCodecContext* context, AVFrame* frame, const uint32_t* types,
                                 const int8_t* qscales, const MotionTable motion[2], int mb_width,
                                 int mb_height, int mb_stride, int quarter_sample);
void __wrap_ff_print_debug_info2(AVCodecContext* context, AVFrame* frame, const uint32_t* types,
                                 const int8_t* qscales, const MotionTable motion[2], int mb_width,
                                 int mb_height, int mb_stride, int quarter_sample);

typedef struct Cells {
  size_t num_cells;
  MgmCell cells[];
} Cells;

/* What a row needs beyond its place. */
typedef struct Export {
  MgmPicture* picture;
  const Cells* cells; /* or NULL */
  const MotionTable* motion;
  int is_h264;
  int step; /* entries of the motion table across a macroblock */
  int stride;
} Export;

MgmCell* mgm_export_cells(MgmPicture* picture, size_t num_cells) {
  Cells* cells = calloc(1, sizeof *cells + num_cells * sizeof *cells->cells);
  free(picture->extra);
  picture->extra = cells;
  if (!cells) {
    picture->failed = 1;
    return NULL;
  }
  cells->num_cells = num_cells;
  return cells->cells;
}

static uint8_t reference_of(const Export* export, size_t cell, int list, int block) {
  if (!export->cells) return (uint8_t)list;
  const int noted = export->cells->cells[cell].reference[list][block];
  return noted >= MGM_CELL_FIRST ? (uint8_t)(noted - MGM_CELL_FIRST) : MGM_NO_REFERENCE;
}

/* The rows of one macroblock for one list: 1, 2 or 4 of them. */
static void add_rows(const Export* export, uint32_t type, int mb_x, int mb_y, size_t cell,
                     int list) {
  const int across = IS_8X8(type) || IS_8X16(type) ? 2 : 1;
  const int down = IS_8X8(type) || IS_16X8(type) ? 2 : 1;
  const int doubled = across != down && IS_INTERLACED(type);
  for (int i = 0; i < across * down; ++i) {
    const int column = across == 2 ? i & 1 : 0;
    const int row = across == 2 ? i >> 1 : i;
    const int entry = mb_x * export->step + column * (export->step / 2) +
                      (mb_y * export->step + row * (export->step / 2)) * export->stride;
    const int16_t* motion = export->motion[list][entry];
    mgm_add_block(export->picture,
                  (MgmBlock){
                      .x = (int16_t)(mb_x * 16 + 8 * column + 8 / across),
                      .y = (int16_t)(mb_y * 16 + 8 * row + 8 / down),
                      .w = (uint8_t)(16 / across),
                      .h = (uint8_t)(16 / down),
                      .flags = list ? MGM_BLOCK_LIST1 : 0,
                      .reference = reference_of(export, cell, list, 2 * row + column),
                      .motion_x = motion[0],
                      .motion_y = motion[1] * (doubled ? 2 : 1),
                  });
  }
}

static void add_macroblock(const Export* export, uint32_t type, int mb_x, int mb_y, size_t cell) {
  if (export->cells) {
    const int seen = cell < export->cells->num_cells &&
                     export->cells->cells[cell].reference[0][0] != MGM_CELL_UNSEEN;
    if (!seen) return;
  }
  const uint32_t uses[2] = {export->is_h264 ? MB_TYPE_L0 : MB_TYPE_FORWARD_MV,
                            export->is_h264 ? MB_TYPE_L1 : MB_TYPE_BACKWARD_MV};
  for (int list = 0; list < 2; ++list) {
    if (type & uses[list]) add_rows(export, type, mb_x, mb_y, cell, list);
  }
}

/* Instead of libavcodec's export: the same walk over the same tables, into our list. */
void __wrap_ff_print_debug_info2(AVCodecContext* context, AVFrame* frame, const uint32_t* types,
                                 const int8_t* qscales, const MotionTable motion[2], int mb_width,
                                 int mb_height, int mb_stride, int quarter_sample) {
  const MgmTap* tap = mgm_tap(context);
  MgmPicture* picture = mgm_picture(frame);
  if (!tap) {
    __real_ff_print_debug_info2(context, frame, types, qscales, motion, mb_width, mb_height,
                                mb_stride, quarter_sample);
    return;
  }
  if (!tap->export_rows || !picture || !types || !motion[0]) return;
  const int is_h264 = context->codec_id == AV_CODEC_ID_H264;
  const Export export = {
      .picture = picture,
      .cells = picture->extra,
      .motion = motion,
      .is_h264 = is_h264,
      .step = is_h264 ? 4 : 2,
      .stride = is_h264 ? mb_width * 4 : mb_width * 2 + 1,
  };
  picture->num_blocks = 0;
  picture->motion_scale = quarter_sample ? 4 : 2;
  for (int y = 0; y < mb_height; ++y) {
    for (int x = 0; x < mb_width; ++x) {
      const size_t cell = (size_t)x + (size_t)y * (size_t)mb_stride;
      add_macroblock(&export, types[cell], x, y, cell);
    }
  }
}
