// Masks from patterns that know no motion.
#include <algorithm>
#include <cmath>
#include <vector>

#include "masks/boxes.hpp"
#include "masks/select_tokens.hpp"
#include "math/mask_math.hpp"

namespace mgm {

namespace {

enum BlockDraw : std::uint32_t { kScale, kAspectDraw, kSpan, kSlot, kRow, kColumn };

double draw(const Range& range, std::uint32_t word) {
  const double u = static_cast<double>(uniform24(word)) / 16777216.0;
  return range.low + (range.high - range.low) * u;
}

// Ranks 0 inside the block.
void cover(const MaskJob& job, std::uint32_t block, std::vector<std::uint64_t>& ranks) {
  const Grid& grid = job.grid;
  const MaskOptions& options = job.options;
  const auto word = [&](std::uint32_t index) {
    return philox_word(job.seed, Purpose::kBlock, block, index);
  };
  const auto place = [&](std::uint32_t index, std::int64_t side, std::int64_t length) {
    return std::int64_t{below(word(index), static_cast<std::uint32_t>(side - length + 1))};
  };
  const double tokens =
      draw(options.scale, word(kScale)) * static_cast<double>(grid.rows * grid.columns);
  const double aspect = draw_aspect(options.aspect, job.seed, Purpose::kBlock, block, kAspectDraw);
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

// A 2 x 2 cell whose pointer advances each slot from a random start. Where R or C is odd the cut
// cells are topped up or trimmed.
void RunningCellMask::make(const MaskJob& job) {
  const Grid& grid = job.grid;
  const int masked = option::cell_masked(grid, job.options);
  const std::uint32_t start = below(philox_word(job.seed, Purpose::kCell, 0, 0), 4);
  std::vector<std::uint64_t> ranks(job.mask.size());
  std::uint64_t* rank = ranks.data();
  for (std::int64_t s = 0; s < grid.slots; ++s) {
    for (std::int64_t r = 0; r < grid.rows; ++r, rank += grid.columns) {
      const std::int64_t pointer = 2 * (r % 2) + s + start;
      const std::uint64_t pair[2] = {pointer % 4 < masked ? 0u : 1u,
                                     (pointer + 1) % 4 < masked ? 0u : 1u};
      for (std::int64_t c = 0; c < grid.columns; ++c) rank[c] = pair[c % 2];
    }
  }
  select_tokens(job, ranks);
}

// Blocks of random size, place and time; K tokens of those covered first.
void BlockMask::make(const MaskJob& job) {
  std::vector<std::uint64_t> ranks(job.mask.size(), 1);
  for (std::int64_t block = 0; block < job.options.num_blocks; ++block) {
    cover(job, static_cast<std::uint32_t>(block), ranks);
  }
  select_tokens(job, ranks);
}

// Slots in the order of their ties, as if they were the tokens of one slot.
void TimeMask::make(const MaskJob& job) {
  const std::int64_t size = job.grid.slot_tokens();
  std::vector<std::uint64_t> ranks(job.mask.size());
  for (std::int64_t s = 0; s < job.grid.slots; ++s) {
    std::fill_n(ranks.begin() + s * size, size, slot_tie(job.seed, Purpose::kCell, 0, s));
  }
  select_tokens(job, ranks);
}

}  // namespace mgm
