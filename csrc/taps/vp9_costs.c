#include "vp9_costs.h"

#include <libavcodec/vp9data.h>
#include <stdlib.h>

#include "vpx_position.h"

enum { kUnit = 8, kTileColumns = 64, kSizeBytes = 4, kLargestQuantiser = 255 };

/* Kept on MgmPicture.extra, which nothing else of this codec uses: of each column of tiles the one
 * that is being decoded. */
typedef struct Tiles {
  const uint8_t *begin[kTileColumns], *end[kTileColumns];
  int64_t position[kTileColumns];
  int row; /* of tiles; 0: none has begun */
} Tiles;

void mgm_vp9_begin_costs(const VP9TileData* td, MgmPicture* picture) {
  const VP9BitstreamHeader* header = &td->s->s.h;
  MgmCosts* costs = mgm_count_costs(picture, kUnit);
  picture->extra = costs ? calloc(1, sizeof(Tiles)) : NULL;
  if (!picture->extra) {
    picture->failed = 1;
    return;
  }
  costs->header_bits =
      8 * (int64_t)(header->uncompressed_header_size + header->compressed_header_size);
}

/* Tiles lie one behind the other, each but the last behind its size. What is behind the last block
 * of a tile is counted with its first, and taken off block by block. */
static void begin_tile(const VP9TileData* td, Tiles* tiles, MgmCosts* costs, int column) {
  const VP9Context* s = td->s;
  const int last = (int)s->s.h.tiling.tile_cols - 1;
  const uint8_t* begin = column > 0 ? td->c_b[column - 1].end : tiles->end[last];
  if (column == 0) ++tiles->row;
  if (column == 0 && tiles->row == 1) begin = s->c.end;
  const int is_last = column == last && tiles->row == (int)s->s.h.tiling.tile_rows;
  const int size_bytes = is_last ? 0 : kSizeBytes;
  begin += size_bytes;
  tiles->begin[column] = begin;
  tiles->end[column] = td->c->end;
  tiles->position[column] = MGM_VPX_REGISTER;
  costs->header_bits += 8 * size_bytes + MGM_VPX_REGISTER;
  costs->end_bits += 8 * (int64_t)(td->c->end - begin) - MGM_VPX_REGISTER;
}

static int quantiser_of(const VP9TileData* td) {
  const VP9BitstreamHeader* h = &td->s->s.h;
  const int segment = td->b->seg_id;
  if (!h->segmentation.enabled || !h->segmentation.feat[segment].q_enabled) return h->yac_qi;
  const int value = h->segmentation.feat[segment].q_val;
  return av_clip(h->segmentation.absolute_vals ? value : h->yac_qi + value, 0, kLargestQuantiser);
}

void mgm_vp9_count(const VP9TileData* td, MgmPicture* picture) {
  MgmCosts* costs = &picture->costs;
  Tiles* tiles = picture->extra;
  const int column = (int)(td->c - td->c_b);
  if (!tiles || column >= kTileColumns) return;
  if (tiles->end[column] != td->c->end) begin_tile(td, tiles, costs, column);
  const int64_t position = mgm_vpx_position(td->c, tiles->begin[column]);
  const int64_t bits = position - tiles->position[column];
  tiles->position[column] = position;
  costs->end_bits -= bits;
  const uint8_t* size = ff_vp9_bwh_tab[1][td->b->bs];
  mgm_add_quantiser(costs, quantiser_of(td));
  mgm_spread_cost(costs, kUnit * td->col, kUnit * td->row, kUnit * size[0], kUnit * size[1], bits);
}
