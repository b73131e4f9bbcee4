// Noise and splits from a ranking of tokens by their motion.
#pragma once

#include <cstdint>
#include <span>

#include "masks/mask_job.hpp"

namespace mgm {

// Noise in [0, 1) whose order is that of Gumbel keys: moving tokens tend to have more. strength:
// log-odds of the clip's largest score against 0; 0 gives the uniform numbers themselves.
void noise_from_score(const ScoreView& score, double strength, std::uint64_t seed,
                      std::span<float> noise);

// Of the clip's tokens the `keep` of most motion, all others dropped; of those kept, `visible` at
// random, the rest are targets. states: 0 visible, 1 target, 2 dropped.
void split_states(const ScoreView& score, std::int64_t keep, std::int64_t visible,
                  std::uint64_t seed, std::span<std::uint8_t> states);

}  // namespace mgm
