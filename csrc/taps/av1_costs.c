#include "av1_costs.h"

#include <stdlib.h>

/* The arithmetic decoder reads 14 bits ahead (AV1, 8.2.4): a tile ends with the bit that it stands
 * at without them. It begins by reading one more. */
enum { kUnit = 8, kAhead = 14, kRegister = 1 };

/* Kept on MgmPicture.extra, which nothing else of this codec uses: of each tile. Positions count in
 * bits from where a tile begins. */
typedef struct Tile {
  const uint8_t* begin; /* NULL: nobody says */
  int64_t position;
} Tile;

static int num_tiles(const Dav1dFrameContext* f) {
  return f->frame_hdr->tiling.cols * f->frame_hdr->tiling.rows;
}

/* What dav1d reads in front of each tile but the last of a group. */
static size_t read_size(const uint8_t* data, unsigned bytes) {
  size_t size = 0;
  for (unsigned i = 0; i < bytes; ++i) size |= (size_t)data[i] << (8 * i);
  return size + 1;
}

static void find_tiles_of(const struct Dav1dTileGroup* group, unsigned size_bytes, Tile* tiles,
                          int count, MgmCosts* costs) {
  const uint8_t* data = group->data.data;
  size_t left = group->data.sz;
  for (int i = group->start; i <= group->end && i < count; ++i) {
    size_t size = left;
    if (i < group->end) {
      if (left < size_bytes) return;
      size = read_size(data, size_bytes);
      data += size_bytes;
      left -= size_bytes;
      costs->header_bits += 8 * (int64_t)size_bytes;
    }
    if (size > left) return;
    tiles[i].begin = data;
    tiles[i].position = kRegister;
    costs->header_bits += kRegister;
    costs->end_bits += 8 * (int64_t)size - kRegister;
    data += size;
    left -= size;
  }
}

static void begin_costs(const Dav1dFrameContext* f, MgmPicture* picture) {
  MgmCosts* costs = mgm_count_costs(picture, kUnit);
  const int count = num_tiles(f);
  Tile* tiles = costs ? calloc((size_t)count, sizeof *tiles) : NULL;
  picture->extra = tiles;
  if (!tiles) {
    picture->failed = 1;
    return;
  }
  for (int i = 0; i < f->n_tile_data; ++i) {
    find_tiles_of(&f->tile[i], f->frame_hdr->tiling.n_bytes, tiles, count, costs);
  }
}

static int64_t position_of(const MsacContext* c, const uint8_t* begin) {
  return 8 * (int64_t)(c->buf_pos - begin) - c->cnt - kAhead;
}

static int quantiser_of(const Dav1dTaskContext* t, const Av1Block* b) {
  const Dav1dFrameHeader* header = t->f->frame_hdr;
  if (header->delta.q.present) return t->ts->last_qidx;
  return header->segmentation.enabled ? header->segmentation.qidx[b->seg_id] : header->quant.yac;
}

void av1_count(const Dav1dTaskContext* t, MgmPicture* picture, const MgmBlock* place,
               const Av1Block* b) {
  const ptrdiff_t number = t->ts - t->f->ts;
  MgmCosts* costs = &picture->costs;
  if (!costs->side) begin_costs(t->f, picture);
  Tile* tiles = picture->extra;
  if (!tiles || number < 0 || number >= num_tiles(t->f)) return;
  Tile* tile = &tiles[number];
  if (!tile->begin) {
    costs->misread = 1;
    return;
  }
  const int64_t position = position_of(&t->ts->msac, tile->begin);
  const int64_t bits = position - tile->position;
  tile->position = position;
  costs->end_bits -= bits;
  mgm_add_quantiser(costs, quantiser_of(t, b));
  mgm_spread_cost(costs, place->x - place->w / 2, place->y - place->h / 2, place->w, place->h,
                  bits);
}
