#include "masks/select_tokens.hpp"

#include <algorithm>

#include "masks/select.hpp"
#include "masks/select_groups.hpp"

namespace mgm {

void select_tokens(const Grid& grid, const Choice& choice, std::span<const std::uint64_t> ranks,
                   Mask mask) {
  check_grid(grid);
  if (!choice.groups.empty()) return select_groups(grid, choice, ranks, mask);
  const std::int64_t size = grid.rows * grid.columns;
  const bool whole = choice.scope == Scope::kClip;
  const std::int64_t step = whole ? grid.slots * size : size;
  const std::int64_t steps = choice.scope == Scope::kSlot ? grid.slots : 1;
  const std::int64_t k = count_masked(choice.count, step);
  Selector selector(size, choice.seed);
  for (std::int64_t i = 0; i < steps; ++i) {
    const auto first = static_cast<std::size_t>(i * step);
    const auto tokens = static_cast<std::size_t>(step);
    if (ranks.empty()) {
      selector.select_any(i * step, k, mask.subspan(first, tokens));
    } else {
      selector.select(ranks.subspan(first, tokens), i * step, k, mask.subspan(first, tokens));
    }
  }
  if (choice.scope != Scope::kTube) return;
  for (std::int64_t s = 1; s < grid.slots; ++s)
    std::copy_n(mask.begin(), size, mask.begin() + s * size);
}

}  // namespace mgm
