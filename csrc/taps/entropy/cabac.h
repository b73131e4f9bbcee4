/* The arithmetic decoder of H.264 (ITU-T H.264, 9.3.3.2). Included first, it takes the place of
 * libavcodec's in one of libavcodec's own parsers; after each decision CABACContext holds the same.
 * A decision takes fewer cycles: one load brings the ranges and both next states, and both outcomes
 * are made ready while they are compared. Shifts by a register want BMI2 to be quick. */
#ifndef MGM_ENTROPY_CABAC_H
#define MGM_ENTROPY_CABAC_H

/* Slices are padded, and their end is looked for after each macroblock. */
#define UNCHECKED_BITSTREAM_READER 1
#include <libavcodec/cabac.h>
#include <libavcodec/cabac_functions.h>
#include <libavutil/bswap.h>
#include <stdint.h>
#include <string.h>

/* Tables 9-44 and 9-45, by pStateIdx: the range of the less probable symbol for each quarter of the
 * range, then transIdxMps and transIdxLps. A state here is twice pStateIdx plus the more probable
 * symbol; an entry holds the ranges in its low half, above them the state after either symbol. */
#define ENTRY(r0, r1, r2, r3, more, less)                                               \
  ((uint64_t)(r0) | (uint64_t)(r1) << 8 | (uint64_t)(r2) << 16 | (uint64_t)(r3) << 24 | \
   (uint64_t)(more) << 32 | (uint64_t)(less) << 40)
#define STATE(r0, r1, r2, r3, more, less)        \
  ENTRY(r0, r1, r2, r3, 2 * (more), 2 * (less)), \
      ENTRY(r0, r1, r2, r3, 2 * (more) + 1, 2 * (less) + 1)
/* Of the first the less probable symbol changes places. */
#define FIRST_STATE(r0, r1, r2, r3, more, less)      \
  ENTRY(r0, r1, r2, r3, 2 * (more), 2 * (less) + 1), \
      ENTRY(r0, r1, r2, r3, 2 * (more) + 1, 2 * (less))
static const uint64_t mgm_cabac_states[128] = {
    FIRST_STATE(128, 176, 208, 240, 1, 0),
    STATE(128, 167, 197, 227, 2, 0),
    STATE(128, 158, 187, 216, 3, 1),
    STATE(123, 150, 178, 205, 4, 2),
    STATE(116, 142, 169, 195, 5, 2),
    STATE(111, 135, 160, 185, 6, 4),
    STATE(105, 128, 152, 175, 7, 4),
    STATE(100, 122, 144, 166, 8, 5),
    STATE(95, 116, 137, 158, 9, 6),
    STATE(90, 110, 130, 150, 10, 7),
    STATE(85, 104, 123, 142, 11, 8),
    STATE(81, 99, 117, 135, 12, 9),
    STATE(77, 94, 111, 128, 13, 9),
    STATE(73, 89, 105, 122, 14, 11),
    STATE(69, 85, 100, 116, 15, 11),
    STATE(66, 80, 95, 110, 16, 12),
    STATE(62, 76, 90, 104, 17, 13),
    STATE(59, 72, 86, 99, 18, 13),
    STATE(56, 69, 81, 94, 19, 15),
    STATE(53, 65, 77, 89, 20, 15),
    STATE(51, 62, 73, 85, 21, 16),
    STATE(48, 59, 69, 80, 22, 16),
    STATE(46, 56, 66, 76, 23, 18),
    STATE(43, 53, 63, 72, 24, 18),
    STATE(41, 50, 59, 69, 25, 19),
    STATE(39, 48, 56, 65, 26, 19),
    STATE(37, 45, 54, 62, 27, 21),
    STATE(35, 43, 51, 59, 28, 21),
    STATE(33, 41, 48, 56, 29, 22),
    STATE(32, 39, 46, 53, 30, 22),
    STATE(30, 37, 43, 50, 31, 23),
    STATE(29, 35, 41, 48, 32, 24),
    STATE(27, 33, 39, 45, 33, 24),
    STATE(26, 31, 37, 43, 34, 25),
    STATE(24, 30, 35, 41, 35, 26),
    STATE(23, 28, 33, 39, 36, 26),
    STATE(22, 27, 32, 37, 37, 27),
    STATE(21, 26, 30, 35, 38, 27),
    STATE(20, 24, 29, 33, 39, 28),
    STATE(19, 23, 27, 31, 40, 29),
    STATE(18, 22, 26, 30, 41, 29),
    STATE(17, 21, 25, 28, 42, 30),
    STATE(16, 20, 23, 27, 43, 30),
    STATE(15, 19, 22, 25, 44, 30),
    STATE(14, 18, 21, 24, 45, 31),
    STATE(14, 17, 20, 23, 46, 32),
    STATE(13, 16, 19, 22, 47, 32),
    STATE(12, 15, 18, 21, 48, 33),
    STATE(12, 14, 17, 20, 49, 33),
    STATE(11, 14, 16, 19, 50, 33),
    STATE(11, 13, 15, 18, 51, 34),
    STATE(10, 12, 15, 17, 52, 34),
    STATE(10, 12, 14, 16, 53, 35),
    STATE(9, 11, 13, 15, 54, 35),
    STATE(9, 11, 12, 14, 55, 35),
    STATE(8, 10, 12, 14, 56, 36),
    STATE(8, 9, 11, 13, 57, 36),
    STATE(7, 9, 11, 12, 58, 36),
    STATE(7, 9, 10, 12, 59, 37),
    STATE(7, 8, 10, 11, 60, 37),
    STATE(6, 8, 9, 11, 61, 37),
    STATE(6, 7, 9, 10, 62, 38),
    STATE(6, 7, 8, 9, 62, 38),
    STATE(2, 2, 2, 2, 63, 63),
};
#undef FIRST_STATE
#undef STATE
#undef ENTRY

/* low holds 16 bits of the stream at a time, then a one that tells when they are used up. */
enum { MGM_CABAC_FILLED = (1 << CABAC_BITS) - 1, MGM_CABAC_RANGE_SHIFT = CABAC_BITS + 1 };

static av_always_inline uint32_t mgm_cabac_next(CABACContext* c) {
  uint16_t next;
  memcpy(&next, c->bytestream, sizeof next);
  c->bytestream += sizeof next;
  return ((uint32_t)av_bswap16(next) << 1) - MGM_CABAC_FILLED;
}

static av_always_inline int mgm_cabac_decision(CABACContext* c, uint8_t* state) {
  const uint32_t old = *state;
  const uint64_t entry = mgm_cabac_states[old];
  const uint32_t less = (uint32_t)entry >> ((uint32_t)c->range >> 3 & 24) & 255;
  const uint32_t more = (uint32_t)c->range - less;
  const uint32_t bound = more << MGM_CABAC_RANGE_SHIFT;
  uint32_t low = (uint32_t)c->low;
  /* As after the less probable symbol, until the comparison says otherwise. */
  uint32_t shift = 8 - (uint32_t)av_log2(less);
  uint32_t range = less << shift;
  uint32_t next = (uint32_t)(entry >> 40);
  const uint32_t more_shift = more >> 8 ^ 1, more_next = (uint32_t)(entry >> 32);
  uint32_t is_less; /* all ones or none */
  /* The compiler would make jumps of these, which nothing predicts. */
  __asm__(
      "cmpl %[low], %[bound]\n\t"
      "cmovael %[more_range], %[range]\n\t"
      "cmovael %[more_shift], %[shift]\n\t"
      "cmovael %[more_next], %[next]\n\t"
      "sbbl %[is_less], %[is_less]"
      : [range] "+r"(range), [shift] "+r"(shift), [next] "+r"(next), [is_less] "=&r"(is_less)
      : [low] "r"(low), [bound] "r"(bound), [more_range] "r"(more << more_shift),
        [more_shift] "r"(more_shift), [more_next] "r"(more_next)
      : "cc");
  c->range = (int)range;
  *state = (uint8_t)next;
  low = (low - (bound & is_less)) << shift;
  if (!(low & MGM_CABAC_FILLED)) low += mgm_cabac_next(c) << (ff_ctz(low) - CABAC_BITS);
  c->low = (int)low;
  return (int)((old ^ is_less) & 1);
}

/* All ones or none. */
static av_always_inline uint32_t mgm_cabac_bypass(CABACContext* c) {
  uint32_t low = (uint32_t)c->low << 1;
  if (!(low & MGM_CABAC_FILLED)) low += mgm_cabac_next(c);
  const uint32_t bound = (uint32_t)c->range << MGM_CABAC_RANGE_SHIFT;
  const uint32_t bit = -(uint32_t)(bound <= low);
  c->low = (int)(low - (bound & bit));
  return bit;
}

static av_always_inline av_unused int mgm_cabac_bypass_bit(CABACContext* c) {
  return (int)(mgm_cabac_bypass(c) & 1);
}

/* value, or less than 0 by as much. */
static av_always_inline av_unused int mgm_cabac_sign(CABACContext* c, int value) {
  const int negate = (int)~mgm_cabac_bypass(c);
  return (value ^ negate) - negate;
}

/* The positions of the coefficients that are not 0; returns how many. `last` less `significant` are
 * the states that tell of the last one. */
static av_always_inline av_unused int mgm_cabac_positions(CABACContext* c, int most,
                                                          uint8_t* significant, int* positions,
                                                          ptrdiff_t last) {
  int count = 0;
  for (int i = 0; i < most - 1; ++i) {
    if (!mgm_cabac_decision(c, significant + i)) continue;
    positions[count++] = i;
    if (mgm_cabac_decision(c, significant + i + last)) return count;
  }
  positions[count++] = most - 1;
  return count;
}

static av_always_inline av_unused int mgm_cabac_positions_8x8(CABACContext* c, uint8_t* significant,
                                                              int* positions, uint8_t* last,
                                                              const uint8_t* states) {
  const uint8_t* last_states = ff_h264_cabac_tables + H264_LAST_COEFF_FLAG_OFFSET_8x8_OFFSET;
  int count = 0;
  for (int i = 0; i < 63; ++i) {
    if (!mgm_cabac_decision(c, significant + states[i])) continue;
    positions[count++] = i;
    if (mgm_cabac_decision(c, last + last_states[i])) return count;
  }
  positions[count++] = 63;
  return count;
}

#undef get_cabac_bypass
#undef get_cabac_bypass_sign
#define get_cabac mgm_cabac_decision
#define get_cabac_noinline mgm_cabac_decision
#define get_cabac_bypass mgm_cabac_bypass_bit
#define get_cabac_bypass_sign mgm_cabac_sign
#define decode_significance mgm_cabac_positions
#define decode_significance_8x8 mgm_cabac_positions_8x8
/* Leaves out libavcodec's assembler for the same. */
#undef BROKEN_COMPILER
#define BROKEN_COMPILER 1
/* What is decoded last of a block lies in registers. */
#define CABAC_ON_STACK

#endif
