#include "peaks.hpp"

#include <algorithm>

#include "boxes.hpp"
#include "mask_math.hpp"

namespace mgm {

std::vector<std::int64_t> smooth_sums(std::span<const std::int64_t> values, const Grid& grid) {
  std::vector<std::int64_t> sums(values.size());
  const auto columns = static_cast<std::size_t>(grid.columns);
  std::vector<std::int64_t> down(columns + 2);
  const auto lines = static_cast<std::int64_t>(values.size() / columns);
  for (std::int64_t line = 0; line < lines; ++line) {
    const std::int64_t r = line % grid.rows;
    const std::int64_t* here = values.data() + line * grid.columns;
    const std::int64_t* above = r > 0 ? here - columns : nullptr;
    const std::int64_t* under = r + 1 < grid.rows ? here + columns : nullptr;
    for (std::size_t c = 0; c < columns; ++c) {
      down[c + 1] = here[c] + (above != nullptr ? above[c] : 0) + (under != nullptr ? under[c] : 0);
    }
    std::int64_t* out = sums.data() + line * grid.columns;
    for (std::size_t c = 0; c < columns; ++c) out[c] = down[c] + down[c + 1] + down[c + 2];
  }
  return sums;
}

std::int64_t largest(std::span<const std::int64_t> values, std::int64_t slot, std::uint64_t seed) {
  const std::int64_t top = *std::max_element(values.begin(), values.end());
  std::int64_t best = -1;
  std::uint64_t best_tie = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != top) continue;
    const auto index = static_cast<std::uint32_t>(i);
    const std::uint64_t tie =
        tie_rank(philox_word(seed, Purpose::kPeak, static_cast<std::uint32_t>(slot), index), index);
    if (best < 0 || tie < best_tie) {
      best = static_cast<std::int64_t>(i);
      best_tie = tie;
    }
  }
  return best;
}

namespace {

// A path's sum in the high half; in the low half the Philox word, turned so that more is better.
// Equal ones: the smaller index.
struct Candidate {
  std::uint64_t merit = 0;
  std::int32_t token = 0;
};

class PathSearch {
 public:
  PathSearch(const Grid& grid, std::uint64_t seed)
      : grid_(grid),
        size_(static_cast<std::size_t>(grid.rows * grid.columns)),
        seed_(seed),
        here_(size_),
        across_(size_) {}

  // Adds a slot. came_from [R * C]: the predecessor of each token; not written for the first slot.
  void add(std::span<const std::int64_t> smooth, std::int64_t slot, bool first,
           std::span<std::int32_t> came_from) {
    const std::int64_t top = *std::max_element(smooth.begin(), smooth.end());
    if (!first) spread(came_from);
    PhiloxBlock block{};
    for (std::size_t i = 0; i < size_; ++i) {
      if (i % 4 == 0) {
        block = philox_block(seed_, Purpose::kPeak, static_cast<std::uint32_t>(slot),
                             static_cast<std::uint32_t>(i / 4));
      }
      const std::uint64_t before = first ? 0 : reached_[i].merit >> 32;
      const auto term = static_cast<std::uint64_t>(path_term(smooth[i], top));
      here_[i] = {((before + term) << 32) | (0xFFFFFFFFu - block.words[i % 4]),
                  static_cast<std::int32_t>(i)};
    }
  }

  [[nodiscard]] std::int32_t best() const {
    const auto less = [](const Candidate& a, const Candidate& b) { return a.merit < b.merit; };
    return std::max_element(here_.begin(), here_.end(), less)->token;
  }

 private:
  // reached_[i] = the best of here_ within kPathReach tokens of i on each axis. The order is total,
  // so the maximum over a row of maxima over columns is that of the square.
  void spread(std::span<std::int32_t> came_from) {
    reached_.resize(size_);
    for (std::int64_t r = 0; r < grid_.rows; ++r) {
      for (std::int64_t c = 0; c < grid_.columns; ++c) {
        across_[at(r, c)] = best_of(here_, at(r, 0), 1, c, grid_.columns);
      }
    }
    for (std::int64_t r = 0; r < grid_.rows; ++r) {
      for (std::int64_t c = 0; c < grid_.columns; ++c) {
        reached_[at(r, c)] = best_of(across_, at(0, c), grid_.columns, r, grid_.rows);
        came_from[at(r, c)] = reached_[at(r, c)].token;
      }
    }
  }

  static Candidate best_of(const std::vector<Candidate>& line, std::size_t start,
                           std::int64_t stride, std::int64_t i, std::int64_t n) {
    const std::int64_t low = std::max<std::int64_t>(i - kPathReach, 0);
    const std::int64_t high = std::min(i + kPathReach, n - 1);
    Candidate best = line[start + static_cast<std::size_t>(low * stride)];
    for (std::int64_t j = low + 1; j <= high; ++j) {
      const Candidate& other = line[start + static_cast<std::size_t>(j * stride)];
      if (other.merit > best.merit) best = other;
    }
    return best;
  }

  [[nodiscard]] std::size_t at(std::int64_t r, std::int64_t c) const {
    return static_cast<std::size_t>(r * grid_.columns + c);
  }

  Grid grid_;
  std::size_t size_;
  std::uint64_t seed_;
  std::vector<Candidate> here_, across_, reached_;
};

}  // namespace

void follow_path(std::span<const std::int64_t> smooth, const Grid& grid, Stretch stretch,
                 std::uint64_t seed, std::span<std::int64_t> peaks) {
  const auto size = static_cast<std::size_t>(grid.rows * grid.columns);
  const auto slots = static_cast<std::size_t>(stretch.end - stretch.begin);
  std::vector<std::int32_t> came_from(slots * size);
  PathSearch search(grid, seed);
  for (std::size_t i = 0; i < slots; ++i) {
    const std::int64_t slot = stretch.begin + static_cast<std::int64_t>(i);
    search.add(smooth.subspan(static_cast<std::size_t>(slot) * size, size), slot, i == 0,
               std::span(came_from).subspan(i * size, size));
  }
  std::int32_t token = search.best();
  for (std::size_t i = slots; i-- > 0;) {
    peaks[static_cast<std::size_t>(stretch.begin) + i] = token;
    token = came_from[i * size + static_cast<std::size_t>(token)];
  }
}

}  // namespace mgm
