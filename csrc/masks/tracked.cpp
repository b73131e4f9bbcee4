// Visible tokens of the middle slot, carried along the motion to the other slots.
#include <algorithm>
#include <cmath>
#include <vector>

#include "masks/mask_job.hpp"
#include "masks/select.hpp"
#include "math/mask_math.hpp"
#include "math/track_math.hpp"
#include "score/token_cells.hpp"

namespace mgm {

namespace {

// The map of bumps in 2^-30, [R, C]: the largest of all Gaussians, axis by axis.
std::vector<std::int64_t> base_map(const Grid& grid, std::span<const std::uint8_t> bumps,
                                   double sigma) {
  const std::int64_t rows = grid.rows, columns = grid.columns;
  const std::int64_t down = bump_falloff(sigma, rows), across = bump_falloff(sigma, columns);
  std::vector<std::int64_t> in_row(bumps.size(), kNoBump), result(bumps.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t* row = in_row.data() + r * columns;
    for (std::int64_t bump = 0; bump < columns; ++bump) {
      if (bumps[static_cast<std::size_t>(r * columns + bump)] == 0) continue;
      for (std::int64_t c = 0; c < columns; ++c) {
        row[c] = std::min(row[c], across * bump_distance(c, bump));
      }
    }
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t* out = result.data() + r * columns;
    std::fill_n(out, columns, kNoBump);
    for (std::int64_t other = 0; other < rows; ++other) {
      const std::int64_t lost = down * bump_distance(r, other);
      const std::int64_t* row = in_row.data() + other * columns;
      for (std::int64_t c = 0; c < columns; ++c) out[c] = std::min(out[c], lost + row[c]);
    }
    for (std::int64_t c = 0; c < columns; ++c) out[c] = exp2_negative(out[c]);
  }
  return result;
}

// The row that stands for a slot: its middle one.
std::int64_t middle_row(const FieldView& field, const Grid& grid, std::int64_t slot) {
  const Rows rows = rows_of_slot(field, grid, slot);
  return std::min((rows.begin + rows.end) / 2, field.rows - 1);
}

}  // namespace

// R * C - K Gaussian bumps lie on random tokens of the middle slot. Every token of another slot is
// followed back to the middle one, row by row; it takes the map's value there (bilinear), or its
// own value where the way leaves the view or crosses a cut. The K lowest tokens of each slot are
// masked.
void TrackedMask::make(const MaskJob& job) {
  const Grid& grid = job.grid;
  const FieldView& field = *job.field;
  const View& view = job.view;
  check_slots(field, grid);
  const std::int64_t size = grid.slot_tokens(), middle = grid.slots / 2;
  const std::int64_t k = count_masked(job.options, size);
  const auto tokens = static_cast<std::size_t>(size);
  std::vector<std::uint8_t> bumps(tokens);
  Selector(size, job.seed, Purpose::kBump).select_any(middle * size, size - k, bumps);
  // Columns from here on are those of the picture, not of a flipped view.
  const auto token_of = [&](std::int64_t i) {
    const std::int64_t c = i % grid.columns;
    return static_cast<std::size_t>(view.hflip != 0 ? i - c + grid.columns - 1 - c : i);
  };
  std::vector<std::uint8_t> upright(tokens);
  for (std::int64_t i = 0; i < size; ++i) upright[static_cast<std::size_t>(i)] = bumps[token_of(i)];
  const std::vector<std::int64_t> map = base_map(grid, upright, job.options.sigma);
  const Tracker tracker{.vectors = field.vectors.data(),
                        .cuts = field.cuts.data(),
                        .row_frames = job.row_frames.data(),
                        .cells_high = field.cells_high,
                        .cells_wide = field.cells_wide,
                        .row_stride = field.cells_high * field.cells_wide,
                        .line_stride = field.cells_wide,
                        .wide = grid.columns << 16,
                        .high = grid.rows << 16,
                        .across = {view.x, view.w, grid.columns, field.cell},
                        .down = {view.y, view.h, grid.rows, field.cell}};
  Selector selector(size, job.seed);
  std::vector<std::uint64_t> ranks(tokens);
  const std::int64_t goal = middle_row(field, grid, middle);
  for (std::int64_t s = 0; s < grid.slots; ++s) {
    const std::int64_t from = middle_row(field, grid, s);
    for (std::int64_t i = 0; i < size; ++i) {
      Place place{((i % grid.columns) << 16) + 32768, ((i / grid.columns) << 16) + 32768};
      const bool found = tracker.follow(place, from, goal);
      const std::int64_t value = found ? sample_map(map.data(), grid.rows, grid.columns, place)
                                       : map[static_cast<std::size_t>(i)] << 16;
      ranks[token_of(i)] = static_cast<std::uint64_t>(value);
    }
    selector.select(ranks, s * size, k, job.slot(s));
  }
}

}  // namespace mgm
