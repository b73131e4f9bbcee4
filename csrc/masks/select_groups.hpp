// Selection with K split over groups of tokens.
#pragma once

#include <cstdint>
#include <span>

#include "masks/choice.hpp"

namespace mgm {

// select_tokens where choice has groups.
void select_groups(const Grid& grid, const Choice& choice, std::span<const std::uint64_t> ranks,
                   Mask mask);

}  // namespace mgm
