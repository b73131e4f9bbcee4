#include "vp8_costs.h"

#include "vpx_position.h"

enum { kMacroblock = 16, kFrameTag = 3, kKeyFrameHeader = 7, kSizeBytes = 3 };

/* Modes lie in the first partition, behind the header, coefficients in one of the others. Positions
 * count from where both end, so that they need not be kept apart. */
static int64_t left_of(const VPXRangeCoder* c) { return -mgm_vpx_position(c, c->end); }

static int64_t left_in_row(const VP8Context* s, int mb_y) {
  const VPXRangeCoder* coefficients = &s->coeff_partition[mb_y & (s->num_coeff_partitions - 1)];
  return left_of(&s->c) + left_of(coefficients);
}

/* What is behind the last row of a partition is counted with its first, and taken off by rows. */
static void begin_costs(const VP8Context* s, MgmPicture* picture) {
  MgmCosts* costs = mgm_count_costs(picture, kMacroblock);
  if (!costs) return;
  const int bytes = kFrameTag + (s->keyframe ? kKeyFrameHeader : 0) + s->header_partition_size +
                    kSizeBytes * (s->num_coeff_partitions - 1);
  costs->end_bits = left_of(&s->c);
  costs->header_bits = 8 * (int64_t)bytes - costs->end_bits;
  for (int i = 0; i < s->num_coeff_partitions; ++i) {
    costs->header_bits += MGM_VPX_REGISTER;
    costs->end_bits += left_of(&s->coeff_partition[i]);
  }
}

int64_t mgm_vp8_begin_row(const VP8Context* s, MgmPicture* picture, int mb_y) {
  if (mb_y == 0) begin_costs(s, picture);
  return left_in_row(s, mb_y);
}

void mgm_vp8_end_row(const VP8Context* s, MgmPicture* picture, int mb_y, int64_t begin) {
  MgmCosts* costs = &picture->costs;
  const int64_t bits = begin - left_in_row(s, mb_y);
  costs->end_bits -= bits;
  mgm_add_quantiser(costs, s->quant.yac_qi);
  mgm_spread_cost(costs, 0, kMacroblock * mb_y, picture->width, kMacroblock, bits);
}
