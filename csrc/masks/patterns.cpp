#include "masks/patterns.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "masks/select_tokens.hpp"
#include "math/mask_math.hpp"

namespace mgm {

namespace {

constexpr std::int64_t kMostBlocks = 65536;

enum BlockDraw : std::uint32_t { kScale, kAspectDraw, kSpan, kSlot, kRow, kColumn };

void check_share(const Range& range, const char* name) {
  if (range.low > 0 && range.low <= range.high && range.high <= 1) return;
  throw std::invalid_argument(std::string(name) +
                              " must be a number or (low, high) with 0 < low <= high <= 1, not (" +
                              std::to_string(range.low) + ", " + std::to_string(range.high) + ")");
}

double draw(const Range& range, std::uint32_t word) {
  const double u = static_cast<double>(uniform24(word)) / 16777216.0;
  return range.low + (range.high - range.low) * u;
}

// Ranks 0 inside the block.
void cover(const Grid& grid, const BlockOptions& options, std::uint32_t block, std::uint64_t seed,
           std::vector<std::uint64_t>& ranks) {
  const auto word = [&](std::uint32_t index) {
    return philox_word(seed, Purpose::kBlock, block, index);
  };
  const auto place = [&](std::uint32_t index, std::int64_t side, std::int64_t length) {
    return std::int64_t{below(word(index), static_cast<std::uint32_t>(side - length + 1))};
  };
  const double tokens =
      draw(options.scale, word(kScale)) * static_cast<double>(grid.rows * grid.columns);
  const double aspect = draw_aspect(options.aspect, seed, Purpose::kBlock, block, kAspectDraw);
  const BoxSize size = box_size(tokens, aspect, grid.rows, grid.columns);
  const double share = draw(options.span, word(kSpan)) * static_cast<double>(grid.slots);
  const std::int64_t slots = clamp_to(static_cast<std::int64_t>(std::rint(share)), 1, grid.slots);
  const std::int64_t first = place(kSlot, grid.slots, slots);
  const std::int64_t top = place(kRow, grid.rows, size.h);
  const std::int64_t left = place(kColumn, grid.columns, size.w);
  for (std::int64_t s = first; s < first + slots; ++s) {
    for (std::int64_t r = top; r < top + size.h; ++r) {
      std::fill_n(ranks.begin() + (s * grid.rows + r) * grid.columns + left, size.w,
                  std::uint64_t{0});
    }
  }
}

}  // namespace

void running_cell_mask(const Grid& grid, int masked, const Choice& choice, Mask mask) {
  check_grid(grid);
  const std::uint32_t start = below(philox_word(choice.seed, Purpose::kCell, 0, 0), 4);
  std::vector<std::uint64_t> ranks(mask.size());
  std::uint64_t* rank = ranks.data();
  for (std::int64_t s = 0; s < grid.slots; ++s) {
    for (std::int64_t r = 0; r < grid.rows; ++r, rank += grid.columns) {
      const std::int64_t pointer = 2 * (r % 2) + s + start;
      const std::uint64_t pair[2] = {pointer % 4 < masked ? 0u : 1u,
                                     (pointer + 1) % 4 < masked ? 0u : 1u};
      for (std::int64_t c = 0; c < grid.columns; ++c) rank[c] = pair[c % 2];
    }
  }
  select_tokens(grid, choice, ranks, mask);
}

void block_mask(const Grid& grid, const BlockOptions& options, const Choice& choice, Mask mask) {
  check_grid(grid);
  if (options.num_blocks < 1 || options.num_blocks > kMostBlocks) {
    throw std::invalid_argument("num_blocks must be in [1, 65536], not " +
                                std::to_string(options.num_blocks));
  }
  check_share(options.scale, "scale");
  check_share(options.span, "span");
  std::vector<std::uint64_t> ranks(mask.size(), 1);
  for (std::int64_t block = 0; block < options.num_blocks; ++block) {
    cover(grid, options, static_cast<std::uint32_t>(block), choice.seed, ranks);
  }
  select_tokens(grid, choice, ranks, mask);
}

}  // namespace mgm
