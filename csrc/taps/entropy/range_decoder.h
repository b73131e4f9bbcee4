/* The boolean decoder of VP8 and VP9 (RFC 6386, 7). Included first, it takes the place of
 * libavcodec's in one of libavcodec's own parsers; after each decision VPXRangeCoder holds the
 * same. The range is scaled by counting zeros instead of by a table, and refilling is off the way.
 */
#ifndef MGM_ENTROPY_RANGE_DECODER_H
#define MGM_ENTROPY_RANGE_DECODER_H

#include <libavcodec/vpx_rac.h>
#include <libavutil/bswap.h>
#include <stdint.h>
#include <string.h>

/* Scales the range to 128 and above, and what was read of the stream with it. */
static av_always_inline uint32_t mgm_range_scale(VPXRangeCoder* c, uint32_t* range) {
  const int shift = 7 - av_log2((uint32_t)c->high);
  uint32_t word = (uint32_t)c->code_word << shift;
  int bits = c->bits + shift;
  if (__builtin_expect(bits >= 0, 0) && c->buffer < c->end) {
    uint16_t next;
    memcpy(&next, c->buffer, sizeof next);
    c->buffer += sizeof next;
    word |= (uint32_t)av_bswap16(next) << bits;
    bits -= 16;
  }
  c->bits = bits;
  *range = (uint32_t)c->high << shift;
  return word;
}

/* The part of the range that means 0. */
static av_always_inline uint32_t mgm_range_split(uint32_t range, int probability) {
  return 1 + ((range - 1) * (uint32_t)probability >> 8);
}

/* For a bit whose value nothing depends on at once. */
static av_always_inline int mgm_range_bit(VPXRangeCoder* c, int probability) {
  uint32_t range;
  const uint32_t word = mgm_range_scale(c, &range);
  const uint32_t split = mgm_range_split(range, probability);
  uint32_t rest = word;
  int bit = 0;
  range -= split;
  /* The compiler would make jumps of these. */
  __asm__(
      "subl %[bound], %[rest]\n\t"
      "setae %b[bit]\n\t"
      "cmovbl %[split], %[range]\n\t"
      "cmovbl %[word], %[rest]"
      : [bit] "+q"(bit), [range] "+r"(range), [rest] "+&r"(rest)
      : [bound] "r"(split << 16), [split] "r"(split), [word] "r"(word)
      : "cc");
  c->high = (int)range;
  c->code_word = rest;
  return bit;
}

/* For a bit that the caller branches on. */
static av_always_inline int mgm_range_branch(VPXRangeCoder* c, int probability) {
  uint32_t range;
  const uint32_t word = mgm_range_scale(c, &range);
  const uint32_t split = mgm_range_split(range, probability);
  const uint32_t bound = split << 16;
  if (word >= bound) {
    c->high = (int)(range - split);
    c->code_word = word - bound;
    return 1;
  }
  c->high = (int)split;
  c->code_word = word;
  return 0;
}

#undef vpx_rac_get_prob
#define vpx_rac_get_prob mgm_range_bit
#define vpx_rac_get_prob_branchy mgm_range_branch

#endif
