#include "masks/select_tokens.hpp"

#include <algorithm>

#include "masks/select.hpp"
#include "masks/select_groups.hpp"

namespace mgm {

void select_tokens(const MaskJob& job, std::span<const std::uint64_t> ranks) {
  if (job.options.groups != nullptr) return select_groups(job, ranks);
  const Scope scope = job.options.scope;
  const std::int64_t size = job.grid.slot_tokens();
  const std::int64_t step = scope == Scope::kClip ? job.grid.tokens() : size;
  const std::int64_t steps = scope == Scope::kSlot ? job.grid.slots : 1;
  const std::int64_t k = count_masked(job.options, step);
  Selector selector(size, job.seed);
  for (std::int64_t i = 0; i < steps; ++i) {
    const auto first = static_cast<std::size_t>(i * step);
    const auto tokens = static_cast<std::size_t>(step);
    if (ranks.empty()) {
      selector.select_any(i * step, k, job.mask.subspan(first, tokens));
    } else {
      selector.select(ranks.subspan(first, tokens), i * step, k, job.mask.subspan(first, tokens));
    }
  }
  if (scope != Scope::kTube) return;
  for (std::int64_t s = 1; s < job.grid.slots; ++s)
    std::copy_n(job.mask.begin(), size, job.slot(s).begin());
}

void RandomMask::make(const MaskJob& job) { select_tokens(job, {}); }

}  // namespace mgm
