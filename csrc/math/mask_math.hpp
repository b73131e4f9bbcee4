// The integer formulae that decide a mask, in C++17: the core and the CUDA kernels share every
// line. Units: speed 1/64 source pixel per frame; score 2^-16 of that; place 2^-12 token; weight
// 2^-16.
#pragma once

#include <cmath>
#include <cstdint>

#include "math/philox.hpp"

namespace mgm {

inline constexpr int kPlaceBits = 12;
inline constexpr std::int64_t kToken = std::int64_t{1} << kPlaceBits;  // one token, as a place
inline constexpr int kScoreBits = 16;
inline constexpr std::int64_t kMaxScore = std::int64_t{1} << 40;       // what a caller may hand in
inline constexpr std::int64_t kMaxSlotTokens = std::int64_t{1} << 20;  // R * C stays below
inline constexpr int kPathReach = 2;  // tokens per axis between neighbouring slots
inline constexpr int kPixel = 64;     // one source pixel, as a speed

MGM_HD inline std::int64_t clamp_to(std::int64_t value, std::int64_t low, std::int64_t high) {
  return value < low ? low : (value > high ? high : value);
}

// rint(sqrt(float32(dx^2 + dy^2))), ties to even; |dx|, |dy| <= 32768, not both. Adding 2^23 rounds
// as rint does, and vectorises.
MGM_HD inline std::int32_t speed(std::int32_t dx, std::int32_t dy) {
  const float root = std::sqrt(static_cast<float>(dx * dx + dy * dy));
  return static_cast<std::int32_t>((root + 8388608.0f) - 8388608.0f);
}

// Edge j of n tokens that divide [start, start + length), in 1/256 cell, kept inside the cells.
// float64, in this order.
MGM_HD inline std::int64_t token_edge(double start, double length, std::int64_t j, std::int64_t n,
                                      std::int64_t cell, std::int64_t cells) {
  const double pixels = start + length * static_cast<double>(j) / static_cast<double>(n);
  const double edge = std::rint(256.0 * pixels / static_cast<double>(cell));
  const double limit = 256.0 * static_cast<double>(cells);
  return static_cast<std::int64_t>(edge < 0.0 ? 0.0 : (edge > limit ? limit : edge));
}

// Edge j of n tokens that divide [start, start + length) of a picture of `picture` pixels, in whole
// pixels of a frame of `pixels` pixels that shows all of it.
MGM_HD inline std::int64_t pixel_edge(double start, double length, std::int64_t j, std::int64_t n,
                                      std::int64_t pixels, std::int64_t picture) {
  const double source = start + length * static_cast<double>(j) / static_cast<double>(n);
  const auto limit = static_cast<double>(pixels);
  const double pixel = std::rint(source * limit / static_cast<double>(picture));
  return static_cast<std::int64_t>(pixel < 0.0 ? 0.0 : (pixel > limit ? limit : pixel));
}

// The middle of token j along an axis, in source pixels.
MGM_HD inline double token_middle(double start, double length, std::int64_t j, std::int64_t n) {
  return start + length * static_cast<double>(2 * j + 1) / static_cast<double>(2 * n);
}

// The luma of an RGB pixel.
MGM_HD inline int luma_of(const std::uint8_t* rgb) {
  return (77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8;
}

// How a box's edge, in source pixels, divides an axis of n tokens; in 1/256 token.
MGM_HD inline std::int64_t box_edge(double edge, double start, double length, std::int64_t n) {
  const double tokens = std::rint(256.0 * (edge - start) * static_cast<double>(n) / length);
  const double limit = 256.0 * static_cast<double>(n);
  return static_cast<std::int64_t>(tokens >= 0.0 ? (tokens < limit ? tokens : limit) : 0.0);
}

// Overlap of [low, high) with cell k, in 1/256 cell.
MGM_HD inline std::int64_t cell_overlap(std::int64_t low, std::int64_t high, std::int64_t k) {
  const std::int64_t left = low > 256 * k ? low : 256 * k;
  const std::int64_t right = high < 256 * (k + 1) ? high : 256 * (k + 1);
  return right > left ? right - left : 0;
}

// floor(a / b) for a >= 0, b > 0 and a quotient under 2^32: a float64 quotient is off by less than
// one, which the remainder shows. Several times faster than an integer division.
MGM_HD inline std::int64_t small_quotient(std::int64_t a, std::int64_t b) {
  auto quotient = static_cast<std::int64_t>(static_cast<double>(a) / static_cast<double>(b));
  const std::int64_t remainder = a - quotient * b;
  quotient -= remainder < 0;
  quotient += remainder >= b;
  return quotient;
}

// floor(sum * 2^16 / area) without a product that overflows; area > 0.
MGM_HD inline std::int64_t mean_speed(std::int64_t sum, std::int64_t area) {
  const std::int64_t whole = small_quotient(sum, area);
  return (whole << kScoreBits) + small_quotient((sum - whole * area) << kScoreBits, area);
}

// floor(sqrt(x)) for 0 <= x < 2^62.
MGM_HD inline std::int64_t integer_sqrt(std::int64_t x) {
  auto root = static_cast<std::int64_t>(std::sqrt(static_cast<double>(x)));
  while (root * root > x) --root;
  while ((root + 1) * (root + 1) <= x) ++root;
  return root;
}

// Weight of a token's texture: t / (t + 2) in 2^-16, t the smaller eigenvalue of the mean structure
// tensor. xx, xy, yy: sums over n pixels of products of 8-fold gradients; means are kept to 2^-8.
MGM_HD inline std::int32_t texture_weight(std::int64_t xx, std::int64_t xy, std::int64_t yy,
                                          std::int64_t n) {
  const std::int64_t a = xx * 256 / n;
  const std::int64_t b = (xy < 0 ? -xy : xy) * 256 / n;
  const std::int64_t c = yy * 256 / n;
  const std::int64_t twice = a + c - integer_sqrt((a - c) * (a - c) + 4 * b * b);
  // 2^16 stands for t = 2: 2 (eigenvalues) * 64 (gradients) * 256 (means) * 2.
  return twice <= 0 ? 0 : static_cast<std::int32_t>(twice * 65536 / (twice + 65536));
}

// What a slot adds to a path through a token; 0 where nothing moves.
MGM_HD inline std::int64_t path_term(std::int64_t smooth, std::int64_t largest) {
  return largest > 0 ? small_quotient(smooth << 16, largest) : 0;
}

// A value folded into [low, high] by reflection at both ends.
MGM_HD inline std::int64_t reflect(std::int64_t value, std::int64_t low, std::int64_t high) {
  const std::int64_t length = high - low;
  if (length <= 0) return low;
  std::int64_t offset = (value - low) % (2 * length);
  if (offset < 0) offset += 2 * length;
  return low + (offset > length ? 2 * length - offset : offset);
}

// Order in which a box of h x w tokens grows around its centre: (max, min) of |dr| / h and |dc| /
// w, cross-multiplied. dr, dc: places; R * C < 2^20 keeps each half in 32 bits.
MGM_HD inline std::uint64_t box_rank(std::int64_t dr, std::int64_t dc, std::int64_t h,
                                     std::int64_t w) {
  const auto a = static_cast<std::uint64_t>((dr < 0 ? -dr : dr) * w);
  const auto b = static_cast<std::uint64_t>((dc < 0 ? -dc : dc) * h);
  const std::uint64_t far = a > b ? a : b, near = a > b ? b : a;
  return (far << 32) | near;
}

// The middle of token r as a place.
MGM_HD inline std::int64_t token_place(std::int64_t r) { return (2 * r + 1) * (kToken / 2); }

// Jitter of a clip on one axis: uniform in [-1/2, 1/2) token.
MGM_HD inline std::int64_t jitter(std::uint32_t word) {
  return static_cast<std::int64_t>(below(word, kToken)) - kToken / 2;
}

// First row (or column) of the integer box of h tokens around a place, not clipped; half rounds up.
MGM_HD inline std::int64_t box_start(std::int64_t place, std::int64_t h) {
  return (place - h * (kToken / 2) + kToken / 2) >> kPlaceBits;
}

// Order of a token in a tie, total within its slot: (Philox word, index).
MGM_HD inline std::uint64_t tie_rank(std::uint32_t word, std::uint32_t index) {
  return (std::uint64_t{word} << 32) | index;
}

// That of token i of a slot, by its own word.
MGM_HD inline std::uint64_t slot_tie(std::uint64_t seed, Purpose purpose, std::int64_t slot,
                                     std::int64_t i) {
  const auto index = static_cast<std::uint32_t>(i);
  return tie_rank(philox_word(seed, purpose, static_cast<std::uint32_t>(slot), index), index);
}

// A caller's key: lowest first.
MGM_HD inline std::uint64_t rank_of_key(std::int64_t key) {
  return static_cast<std::uint64_t>(key) ^ (std::uint64_t{1} << 63);
}

// Most motion first.
MGM_HD inline std::uint64_t motion_rank(std::int64_t score) {
  return static_cast<std::uint64_t>(kMaxScore - score);
}

// Most of all tokens covered first, then most motion; coverage in 2^-16.
MGM_HD inline std::uint64_t coverage_rank(std::int64_t coverage, std::int64_t motion) {
  return (static_cast<std::uint64_t>(65536 - coverage) << 41) | motion_rank(motion);
}

// 1 / temperature in 2^-16.
inline std::int64_t inverse_temperature(double temperature) {
  return static_cast<std::int64_t>(std::rint(65536.0 / temperature));
}

// Of `visible` tokens those from the moving half.
inline std::int64_t visible_from_moving(double share, std::int64_t visible, std::int64_t moving,
                                        std::int64_t still) {
  const auto wanted = static_cast<std::int64_t>(std::rint(share * static_cast<double>(visible)));
  return clamp_to(wanted, visible > still ? visible - still : 0,
                  moving < visible ? moving : visible);
}

// Order of draws without replacement: score over temperature plus a Gumbel number, largest first.
// normalised: in 2^-16; inverse: 1 / temperature in 2^-16; both sums in 2^-24 nats.
MGM_HD inline std::uint64_t gumbel_rank(std::int64_t normalised, std::int64_t inverse,
                                        std::uint32_t word) {
  const std::int64_t key = ((normalised * inverse) >> 8) + gumbel(word);
  return static_cast<std::uint64_t>((std::int64_t{1} << 62) - key);
}

// u^exp(-strength * normalised) in 2^-24, u the word's uniform number: in the order of
// strength * normalised + Gumbel. Both factors in 2^-16.
MGM_HD inline std::uint32_t tilted(std::int64_t normalised, std::int64_t strength,
                                   std::uint32_t word) {
  const std::int64_t log_u =
      (std::int64_t{25} << kLogBits) - log2_fixed(2 * std::uint64_t{uniform24(word)} + 1);
  // 1 / ln 2 in 2^-24 turns nats into powers of two.
  const std::int64_t power = (((normalised * strength) >> 16) * 24204406) >> 16;
  const std::int64_t tilted_log = (log_u * exp2_negative(power)) >> kExpBits;
  const std::uint32_t result = exp2_negative(tilted_log) >> (kExpBits - 24);
  return result < 16777215u ? result : 16777215u;
}

}  // namespace mgm
