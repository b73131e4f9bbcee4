// A mask from ranks and a choice.
#pragma once

#include <cstdint>
#include <span>

#include "masks/choice.hpp"

namespace mgm {

// Masks the tokens of lowest (rank, Philox word, index). ranks: [S, R, C], [R, C] suffices for
// kTube; empty: all equal.
void select_tokens(const Grid& grid, const Choice& choice, std::span<const std::uint64_t> ranks,
                   Mask mask);

}  // namespace mgm
