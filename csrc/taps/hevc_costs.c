#include "hevc_costs.h"

#include "cabac_position.h"

void mgm_hevc_begin_costs(MgmHevcCosts* counted, MgmPicture* picture, const HEVCSPS* sps) {
  counted->costs = picture ? mgm_count_costs(picture, 1 << sps->log2_ctb_size) : NULL;
}

/* Bits of a slice's data with the one that ends it. The decoder leaves out a byte that holds
 * nothing else; behind the data it lies all the same, or zeros do. */
static int64_t bits_of(const uint8_t* data, size_t size) {
  enum { kEnd = 0x80 };
  if (data[size] == kEnd) return 8 * (int64_t)size + 1;
  while (size > 0 && !data[size - 1]) --size;
  return size > 0 ? 8 * (int64_t)size - ff_ctz(data[size - 1]) : 0;
}

/* What is behind the last tree of a slice is counted with its first, and taken off tree by tree. */
static void begin_slice(MgmHevcCosts* counted, const HEVCContext* s, const uint8_t* data,
                        size_t size) {
  const int64_t header = 8 * (int64_t)s->sh.data_offset, bits = bits_of(data, size);
  counted->data = data;
  counted->position = 0;
  counted->costs->header_bits += header;
  counted->costs->slice_bits += header + bits;
  counted->costs->end_bits += bits;
}

void mgm_hevc_begin_tree(MgmHevcCosts* counted, const HEVCLocalContext* lc, const HEVCPPS* pps,
                         int ctb_addr_ts, const uint8_t* data, size_t size) {
  const HEVCContext* s = lc->parent;
  if (!counted->costs) return;
  if (ctb_addr_ts == pps->ctb_addr_rs_to_ts[s->sh.slice_ctb_addr_rs]) {
    begin_slice(counted, s, data, size);
  }
  /* It moves where the decoder is set up, which tiles and rows of trees may ask for anew. */
  const int64_t position = mgm_cabac_position(&lc->cc, counted->data);
  const int64_t bits = position - counted->position;
  counted->position = position;
  counted->costs->header_bits += bits;
  counted->costs->end_bits -= bits;
}

void mgm_hevc_end_tree(MgmHevcCosts* counted, const HEVCLocalContext* lc, int x, int y) {
  MgmCosts* costs = counted->costs;
  if (!costs || !counted->data) return;
  const int64_t position = mgm_cabac_position(&lc->cc, counted->data);
  const int64_t bits = position - counted->position;
  counted->position = position;
  costs->end_bits -= bits;
  mgm_add_quantiser(costs, lc->qp_y);
  mgm_add_cost(costs, x / costs->side, y / costs->side, bits);
}
