// Every option that a mask may take, and what its value must be. An option means the same in each.
#pragma once

#include <array>
#include <limits>
#include <stdexcept>
#include <string>

#include "masks/mask_rule.hpp"

namespace mgm::option {

inline constexpr Option kMaskRatio{"mask_ratio", &MaskOptions::mask_ratio, "in (0, 1)"};
inline constexpr Option kNumMasked{"num_masked", &MaskOptions::num_masked, "an integer or None"};
inline constexpr Option kCount{"count", &MaskOptions::count};
inline constexpr Option kScope{"scope", &MaskOptions::scope};
inline constexpr Option kGroups{"groups", &MaskOptions::groups, "integers [S, R, C] or None"};
inline constexpr Option kAspect{"aspect", &MaskOptions::aspect,
                                "a number or (low, high) with 1/1024 <= low <= high <= 1024",
                                1.0 / 1024, 1024};
inline constexpr Option kFit{"fit", &MaskOptions::fit};
inline constexpr Option kPeak{"peak", &MaskOptions::peak};
inline constexpr Option kFirst{"first", &MaskOptions::first};
inline constexpr Option kStill{"still", &MaskOptions::still, "in [0, 1024] source pixels per frame",
                               0, 1024};
inline constexpr Option kStep{"step", &MaskOptions::step, "in [0, 1024] tokens", 0, 1024};
inline constexpr Option kTemperature{"temperature", &MaskOptions::temperature,
                                     "0 or in [0.0001, 10000]", 0, 1e4};
inline constexpr Option kVisible{"visible_from_motion", &MaskOptions::visible_from_motion,
                                 "in [0, 1] or None", 0, 1};
inline constexpr Option kSigma{"sigma", &MaskOptions::sigma, "in [1, 1024] pixels", 1, 1024};
inline constexpr Option kBlocks{"num_blocks", &MaskOptions::num_blocks, "in [1, 65536]", 1, 65536};
inline constexpr double kAbove0 = std::numeric_limits<double>::denorm_min();
inline constexpr const char* kShare = "a number or (low, high) with 0 < low <= high <= 1";
inline constexpr Option kScale{"scale", &MaskOptions::scale, kShare, kAbove0, 1};
inline constexpr Option kSpan{"span", &MaskOptions::span, kShare, kAbove0, 1};

// The options of a mask with a count of tokens: how many, and more of its own.
template <class... More>
constexpr std::array<Option, 3 + sizeof...(More)> counted(const More&... more) {
  return {kMaskRatio, kNumMasked, kCount, more...};
}

constexpr MaskOptions by_scope(Scope scope) {
  MaskOptions options;
  options.scope = scope;
  return options;
}

constexpr MaskOptions of_blocks() {
  MaskOptions options = by_scope(Scope::kClip);
  options.aspect = {0.75, 1.5};
  return options;
}

// Of the 4 tokens of a running cell.
inline int cell_masked(const Grid& grid, const MaskOptions& options) {
  const auto k = static_cast<double>(options.num_masked);
  const double ratio = options.num_masked == kByRatio ? options.mask_ratio
                                                      : k / static_cast<double>(grid.slot_tokens());
  if (ratio == 0.25 || ratio == 0.5 || ratio == 0.75) return static_cast<int>(4 * ratio);
  throw std::invalid_argument("a running cell of 2 x 2 masks 1/4, 1/2 or 3/4 of the tokens, not " +
                              std::to_string(ratio));
}

inline void check_topk(const MaskOptions& options) {
  if (options.temperature != 0 && options.temperature < 1e-4) {
    throw std::invalid_argument("temperature must be 0 or in [0.0001, 10000], not " +
                                std::to_string(options.temperature));
  }
  const bool halves = options.visible_from_motion == options.visible_from_motion;
  const bool plain = options.temperature == 0 && options.groups == nullptr;
  if (!halves || (plain && options.scope == Scope::kSlot)) return;
  throw std::invalid_argument("visible_from_motion excludes temperature, groups and scope");
}

}  // namespace mgm::option
