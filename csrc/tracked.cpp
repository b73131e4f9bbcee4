#include "tracked.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "mask_math.hpp"
#include "token_cells.hpp"

namespace mgm {

namespace {

constexpr std::int64_t kLongestGap = 255;
constexpr std::int64_t kFarthest = 16384;  // tokens; a bump's tail is 0 long before
constexpr std::int64_t kNowhere = std::int64_t{1} << 60;

// Factor of a squared distance in tokens that gives the bump's logarithm, in 2^-24 of log2.
std::int64_t falloff(double sigma, std::int64_t tokens) {
  const double width = sigma * static_cast<double>(tokens) / 224.0;
  const double factor = 16777216.0 * 0.72134752044448170368 / (width * width);  // log2(e) / 2
  return static_cast<std::int64_t>(std::rint(std::min(factor, 1073741824.0)));
}

std::int64_t squared(std::int64_t a, std::int64_t b) {
  const std::int64_t distance = std::min(a > b ? a - b : b - a, kFarthest);
  return distance * distance;
}

// The map of bumps in 2^-30, [R, C]: the largest of all Gaussians, axis by axis.
std::vector<std::int64_t> base_map(const Grid& grid, std::span<const std::uint8_t> bumps,
                                   double sigma) {
  const std::int64_t rows = grid.rows, columns = grid.columns;
  const std::int64_t down = falloff(sigma, rows), across = falloff(sigma, columns);
  std::vector<std::int64_t> in_row(bumps.size(), kNowhere), result(bumps.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t* row = in_row.data() + r * columns;
    for (std::int64_t bump = 0; bump < columns; ++bump) {
      if (bumps[static_cast<std::size_t>(r * columns + bump)] == 0) continue;
      for (std::int64_t c = 0; c < columns; ++c) {
        row[c] = std::min(row[c], across * squared(c, bump));
      }
    }
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t* out = result.data() + r * columns;
    std::fill_n(out, columns, kNowhere);
    for (std::int64_t other = 0; other < rows; ++other) {
      const std::int64_t lost = down * squared(r, other);
      const std::int64_t* row = in_row.data() + other * columns;
      for (std::int64_t c = 0; c < columns; ++c) out[c] = std::min(out[c], lost + row[c]);
    }
    for (std::int64_t c = 0; c < columns; ++c) out[c] = exp2_negative(out[c]);
  }
  return result;
}

// From places in the view, in 2^-16 token, to cells and back; one axis.
struct Scale {
  std::int64_t offset = 0, slope = 0;  // cell = (offset + slope * place) >> 32
  std::int64_t motion = 0;             // places per 1/64 pixel, in 2^-24

  Scale(double start, double length, std::int64_t tokens, int cell) {
    const auto pixels = static_cast<double>(cell);
    const auto count = static_cast<double>(tokens);
    const auto rounded = [](double value) { return static_cast<std::int64_t>(std::rint(value)); };
    offset = rounded(4294967296.0 * start / pixels);
    slope = rounded(4294967296.0 * length / (65536.0 * count * pixels));
    motion = rounded(std::min(16777216.0 * 1024.0 * count / length, 274877906944.0));
  }
  [[nodiscard]] std::int64_t cell(std::int64_t place) const {
    return (offset + slope * place) >> 32;
  }
  [[nodiscard]] std::int64_t moved(std::int64_t velocity, std::int64_t frames) const {
    return (velocity * frames * motion + (1 << 23)) >> 24;
  }
};

class Tracker {
 public:
  Tracker(const FieldView& field, std::span<const std::int64_t> row_frames, const Grid& grid,
          const View& view)
      : field_(field),
        row_frames_(row_frames),
        wide_(grid.columns << 16),
        high_(grid.rows << 16),
        across_(view.x, view.w, grid.columns, field.cell),
        down_(view.y, view.h, grid.rows, field.cell) {}

  struct Place {
    std::int64_t x = 0, y = 0;
  };

  // Follows a place of row `from` to row `to`; false where it is lost.
  [[nodiscard]] bool follow(Place& place, std::int64_t from, std::int64_t to) const {
    for (std::int64_t m = from; m > to; --m) {
      if (!step(place, m, -1)) return false;
    }
    for (std::int64_t m = from + 1; m <= to; ++m) {
      if (!step(place, m, 1)) return false;
    }
    return true;
  }

 private:
  // Moves a place over the time between row m and the row before, forwards or backwards.
  [[nodiscard]] bool step(Place& place, std::int64_t m, std::int64_t direction) const {
    const auto row = static_cast<std::size_t>(m);
    if (field_.cuts[row] != 0) return false;
    const std::int64_t r = down_.cell(place.y), c = across_.cell(place.x);
    if (r < 0 || r >= field_.cells_high || c < 0 || c >= field_.cells_wide) return true;
    const std::size_t cell =
        static_cast<std::size_t>(((m * field_.cells_high + r) * field_.cells_wide + c) * 2);
    if (field_.vectors[cell] == kInvalid) return true;
    const std::int64_t frames =
        direction * clamp_to(row_frames_[row] - row_frames_[row - 1], -kLongestGap, kLongestGap);
    place.x += across_.moved(field_.vectors[cell], frames);
    place.y += down_.moved(field_.vectors[cell + 1], frames);
    return place.x >= 0 && place.x < wide_ && place.y >= 0 && place.y < high_;
  }

  const FieldView& field_;
  std::span<const std::int64_t> row_frames_;
  std::int64_t wide_, high_;
  Scale across_, down_;
};

// The map at a place, in 2^-46: bilinear in 1/256 token, constant beyond the outer tokens' middles.
std::int64_t sample(const Grid& grid, std::span<const std::int64_t> map, Tracker::Place place) {
  const std::int64_t x = (place.x - 32768) >> 8, y = (place.y - 32768) >> 8;
  const auto at = [&](std::int64_t r, std::int64_t c) {
    return map[static_cast<std::size_t>(clamp_to(r, 0, grid.rows - 1) * grid.columns +
                                        clamp_to(c, 0, grid.columns - 1))];
  };
  const std::int64_t r = y >> 8, c = x >> 8, down = y & 255, across = x & 255;
  const std::int64_t above = at(r, c) * (256 - across) + at(r, c + 1) * across;
  const std::int64_t under = at(r + 1, c) * (256 - across) + at(r + 1, c + 1) * across;
  return above * (256 - down) + under * down;
}

// The row that stands for a slot: its middle one.
std::int64_t middle_row(const FieldView& field, const Grid& grid, std::int64_t slot) {
  const Rows rows = rows_of_slot(field, grid, slot);
  return std::min((rows.begin + rows.end) / 2, field.rows - 1);
}

}  // namespace

void tracked_mask(const FieldView& field, std::span<const std::int64_t> row_frames,
                  const Grid& grid, const View& view, const TrackOptions& options, Mask mask) {
  check_slots(field, grid);
  if (!(options.sigma >= 1.0 && options.sigma <= 1024.0)) {
    throw std::invalid_argument("sigma must be in [1, 1024] pixels, not " +
                                std::to_string(options.sigma));
  }
  const std::int64_t size = grid.rows * grid.columns, middle = grid.slots / 2;
  const std::int64_t k = count_masked(options.count, size);
  const auto tokens = static_cast<std::size_t>(size);
  std::vector<std::uint8_t> bumps(tokens);
  Selector(size, options.seed, Purpose::kBump).select_any(middle * size, size - k, bumps);
  // Columns from here on are those of the picture, not of a flipped view.
  const auto token_of = [&](std::int64_t i) {
    const std::int64_t c = i % grid.columns;
    return static_cast<std::size_t>(view.hflip ? i - c + grid.columns - 1 - c : i);
  };
  std::vector<std::uint8_t> upright(tokens);
  for (std::int64_t i = 0; i < size; ++i) upright[static_cast<std::size_t>(i)] = bumps[token_of(i)];
  const std::vector<std::int64_t> map = base_map(grid, upright, options.sigma);
  const Tracker tracker(field, row_frames, grid, view);
  Selector selector(size, options.seed);
  std::vector<std::uint64_t> ranks(tokens);
  const std::int64_t goal = middle_row(field, grid, middle);
  for (std::int64_t s = 0; s < grid.slots; ++s) {
    const std::int64_t from = middle_row(field, grid, s);
    for (std::int64_t i = 0; i < size; ++i) {
      Tracker::Place place{((i % grid.columns) << 16) + 32768, ((i / grid.columns) << 16) + 32768};
      const bool found = tracker.follow(place, from, goal);
      const std::int64_t value =
          found ? sample(grid, map, place) : map[static_cast<std::size_t>(i)] << 16;
      ranks[token_of(i)] = static_cast<std::uint64_t>(value);
    }
    selector.select(ranks, s * size, k, mask.subspan(static_cast<std::size_t>(s * size), tokens));
  }
}

}  // namespace mgm
