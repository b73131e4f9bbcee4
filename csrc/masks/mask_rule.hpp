// What a mask is: its name, what it is made from, and the options it takes. C++17: _core and _cuda
// read the same table, masks/mask_table.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>
#include <variant>

#include "math/batch.hpp"

namespace mgm {

// Which side of the ratio is rounded down, in float64 as Python does.
enum class CountRule {
  kFloorMasked,  // int(ratio * n) masked
  kFloorKept,    // int(n * (1 - ratio)) visible
};

enum class Scope {
  kSlot,  // K of R * C in each slot
  kClip,  // K of S * R * C
  kTube,  // slot 0's tokens in every slot
};

// A number, or one that is drawn in [low, high].
struct Range {
  double low = 0, high = 0;
};

inline constexpr std::int64_t kByRatio = std::numeric_limits<std::int64_t>::min();
inline constexpr double kNotGiven = std::numeric_limits<double>::quiet_NaN();

// The options of all masks; each takes some of them.
struct MaskOptions {
  double mask_ratio = 0.75;
  std::int64_t num_masked = kByRatio;  // K instead of the ratio
  CountRule count = CountRule::kFloorMasked;
  Scope scope = Scope::kSlot;
  const std::int64_t* groups = nullptr;  // [S, R, C] ids; K of the clip, by largest remainder
  Range aspect{1, 1};                    // of a box in tokens, width over height
  Fit fit = Fit::kGrow;
  Peak peak = Peak::kPath;
  First first = First::kMotion;
  double still = 0.02;  // source pixels per frame
  double step = 1;      // of the walk, tokens per slot and axis
  double temperature = 0;
  double visible_from_motion = kNotGiven;  // share of the visible tokens
  double sigma = 16;                       // of a bump, in pixels of a view of 224 x 224
  std::int64_t num_blocks = 8;
  Range scale{0.15, 0.15};  // of a block: share of a slot's tokens
  Range span{1, 1};         // of a block: share of the slots
};

template <class Enum>
struct EnumWord {
  const char* text;
  Enum value;
};
template <class Enum>
struct EnumWords;
template <>
struct EnumWords<CountRule> {
  static constexpr EnumWord<CountRule> all[] = {{"floor_masked", CountRule::kFloorMasked},
                                                {"floor_kept", CountRule::kFloorKept}};
};
template <>
struct EnumWords<Scope> {
  static constexpr EnumWord<Scope> all[] = {
      {"slot", Scope::kSlot}, {"clip", Scope::kClip}, {"tube", Scope::kTube}};
};
template <>
struct EnumWords<Fit> {
  static constexpr EnumWord<Fit> all[] = {
      {"grow", Fit::kGrow}, {"shift", Fit::kShift}, {"clip", Fit::kClip}};
};
template <>
struct EnumWords<Peak> {
  static constexpr EnumWord<Peak> all[] = {{"smooth", Peak::kSmooth},
                                           {"block", Peak::kBlock},
                                           {"box", Peak::kBox},
                                           {"path", Peak::kPath}};
};
template <>
struct EnumWords<First> {
  static constexpr EnumWord<First> all[] = {{"motion", First::kMotion}, {"random", First::kRandom}};
};
template <>
struct EnumWords<Camera> {
  static constexpr EnumWord<Camera> all[] = {
      {"none", Camera::kNone}, {"median", Camera::kMedian}, {"affine", Camera::kAffine}};
};

struct Option {
  const char* name;
  std::variant<double MaskOptions::*, std::int64_t MaskOptions::*, Range MaskOptions::*,
               const std::int64_t* MaskOptions::*, CountRule MaskOptions::*, Scope MaskOptions::*,
               Fit MaskOptions::*, Peak MaskOptions::*, First MaskOptions::*>
      member;
  const char* allowed = "";  // what must be, for people
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

enum class Takes { kNothing, kScore, kField, kBoxes };

struct Rule {
  const char* name;
  Takes takes;
  MaskOptions defaults;
  const Option* options;
  std::size_t option_count;
  // Checks what the range of a single option cannot express: options against each other and
  // against the grid. Throws std::invalid_argument.
  void (*check)(const Grid& grid, const MaskOptions& options);
};

// Of an entry of the table.
template <class Mask>
constexpr Rule rule_of() {
  return {
      Mask::name,  Mask::takes, Mask::defaults, std::data(Mask::options), std::size(Mask::options),
      &Mask::check};
}

// Masked tokens of n, in [1, n - 1]. Throws std::invalid_argument when n < 2 or the ratio is not in
// (0, 1).
inline std::int64_t count_masked(const MaskOptions& options, std::int64_t n) {
  if (n < 2) throw std::invalid_argument("a mask needs at least 2 tokens to choose from, not 1");
  if (options.num_masked != kByRatio) return clamp_to(options.num_masked, 1, n - 1);
  const double ratio = options.mask_ratio;
  if (!(ratio > 0.0 && ratio < 1.0)) {
    throw std::invalid_argument("mask_ratio must be in (0, 1), not " + std::to_string(ratio));
  }
  const auto tokens = static_cast<double>(n);
  const std::int64_t masked = options.count == CountRule::kFloorMasked
                                  ? static_cast<std::int64_t>(ratio * tokens)
                                  : n - static_cast<std::int64_t>(tokens * (1.0 - ratio));
  return clamp_to(masked, 1, n - 1);
}

}  // namespace mgm
