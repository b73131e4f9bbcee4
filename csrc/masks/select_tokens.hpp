// A mask from ranks.
#pragma once

#include <cstdint>
#include <span>

#include "masks/mask_job.hpp"

namespace mgm {

// Masks the tokens of lowest (rank, Philox word, index), by the job's scope or groups. ranks:
// [S, R, C], [R, C] suffices for kTube; empty: all equal.
void select_tokens(const MaskJob& job, std::span<const std::uint64_t> ranks);

}  // namespace mgm
