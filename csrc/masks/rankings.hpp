// Masks and noise from a ranking of tokens by their motion, or by boxes that the caller knows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "masks/choice.hpp"
#include "score/score.hpp"

namespace mgm {

// Tokens of most motion first. temperature > 0: drawn without replacement, with log-odds of score
// over the clip's largest, divided by the temperature.
void motion_topk_mask(const ScoreView& score, double temperature, const Choice& choice, Mask mask);

// A tube: `share` of each slot's visible tokens from the half of the positions that moves most, the
// rest from the other half, each uniformly.
void motion_halves_mask(const ScoreView& score, double share, const Choice& choice, Mask mask);

// Boxes of each slot: slot s has boxes[offsets[s]] to boxes[offsets[s + 1]].
struct SlotBoxes {
  std::span<const Box> boxes;
  std::span<const std::int64_t> offsets;  // [S + 1]
};

// Tokens most covered by a box first, then those of most motion. motion: [S, R, C] or empty.
void boxes_mask(const Grid& grid, const SlotBoxes& boxes, const View& view,
                std::span<const std::int64_t> motion, const Choice& choice, Mask mask);

// Noise in [0, 1) whose order is that of Gumbel keys: moving tokens tend to have more. strength:
// log-odds of the clip's largest score against 0; 0 gives the uniform numbers themselves.
void noise_from_score(const ScoreView& score, double strength, std::uint64_t seed,
                      std::span<float> noise);

// Of the clip's tokens the `keep` of most motion, all others dropped; of those kept, `visible` at
// random, the rest are targets. states: 0 visible, 1 target, 2 dropped.
void split_states(const ScoreView& score, std::int64_t keep, std::int64_t visible,
                  std::uint64_t seed, std::span<std::uint8_t> states);

}  // namespace mgm
