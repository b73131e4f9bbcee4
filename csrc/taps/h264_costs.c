#include "h264_costs.h"

/* Where the first macroblock begins; the arithmetic decoder's register is filled before. */
static int64_t first_position(const H264Context* h, const H264SliceContext* sl) {
  const int header = get_bits_count(&sl->gb);
  return h->ps.pps->cabac ? FFALIGN(header, 8) + MGM_CABAC_REGISTER : header;
}

void mgm_h264_begin_costs(MgmH264Costs* counted, const H264Context* h, MgmPicture* picture) {
  const H264SliceContext* sl = &h->slice_ctx[0];
  counted->costs = picture && picture->costs.side ? &picture->costs : NULL;
  if (!counted->costs) return;
  counted->position = first_position(h, sl);
  counted->costs->header_bits += counted->position;
}

void mgm_h264_end_costs(MgmH264Costs* counted, const H264Context* h) {
  MgmCosts* costs = counted->costs;
  if (!costs) return;
  /* The decoder was given them without the bit that ends them. */
  const int64_t bits = h->slice_ctx[0].gb.size_in_bits + 1;
  costs->slice_bits += bits;
  costs->end_bits += bits - counted->position;
}
