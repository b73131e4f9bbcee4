// Selection with K split over groups of tokens.
#pragma once

#include <cstdint>
#include <span>

#include "masks/mask_job.hpp"

namespace mgm {

// select_tokens where the job has groups.
void select_groups(const MaskJob& job, std::span<const std::uint64_t> ranks);

}  // namespace mgm
