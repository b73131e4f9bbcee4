#include "masks/peaks.hpp"

#include <algorithm>

#include "math/mask_math.hpp"

namespace mgm {

void smooth_sums(std::span<const std::int64_t> values, const Grid& grid,
                 std::span<std::int64_t> sums) {
  const auto columns = static_cast<std::size_t>(grid.columns);
  const std::vector<std::int64_t> zeros(columns);
  std::vector<std::int64_t> down(columns + 2);
  const auto lines = static_cast<std::int64_t>(values.size() / columns);
  for (std::int64_t line = 0; line < lines; ++line) {
    const std::int64_t r = line % grid.rows;
    const std::int64_t* here = values.data() + line * grid.columns;
    const std::int64_t* above = r > 0 ? here - columns : zeros.data();
    const std::int64_t* under = r + 1 < grid.rows ? here + columns : zeros.data();
    for (std::size_t c = 0; c < columns; ++c) down[c + 1] = above[c] + here[c] + under[c];
    std::int64_t* out = sums.data() + line * grid.columns;
    for (std::size_t c = 0; c < columns; ++c) out[c] = down[c] + down[c + 1] + down[c + 2];
  }
}

std::int64_t highest(std::span<const std::int64_t> values) {
  // Four at a time: one would wait for the comparison before.
  std::int64_t top[4] = {0, 0, 0, 0};
  std::size_t i = 0;
  for (; i + 4 <= values.size(); i += 4) {
    for (std::size_t j = 0; j < 4; ++j) top[j] = std::max(top[j], values[i + j]);
  }
  for (; i < values.size(); ++i) top[0] = std::max(top[0], values[i]);
  return std::max({top[0], top[1], top[2], top[3]});
}

std::int64_t largest(std::span<const std::int64_t> values, std::int64_t slot, std::uint64_t seed) {
  return first_equal(values, *std::max_element(values.begin(), values.end()), slot, seed);
}

std::int64_t first_equal(std::span<const std::int64_t> values, std::int64_t top, std::int64_t slot,
                         std::uint64_t seed) {
  const auto tie = [&](std::int64_t i) { return slot_tie(seed, Purpose::kPeak, slot, i); };
  auto at = std::find(values.begin(), values.end(), top);
  std::int64_t best = at - values.begin();
  while ((at = std::find(at + 1, values.end(), top)) != values.end()) {
    if (tie(at - values.begin()) < tie(best)) best = at - values.begin();
  }
  return best;
}

namespace {

// The best paths that end in each token of one slot.
//
// A merit holds a path's sum in its high half and, in its low half, the token's Philox word turned
// so that more is better; plus one, so that 0 stands outside the grid. Equal merits: the smaller
// index.
class PathSearch {
 public:
  PathSearch(const Grid& grid, std::uint64_t seed)
      : rows_(static_cast<std::size_t>(grid.rows)),
        columns_(static_cast<std::size_t>(grid.columns)),
        seed_(seed),
        merit_(rows_ * columns_),
        line_(std::max(rows_, columns_) + std::size_t{2} * kPathReach),
        line_token_(line_.size(), -1),
        reached_(merit_.size()),
        token_(merit_.size()) {}

  // Adds a slot. came_from [R * C]: the predecessor of each token; not written for the first slot.
  void add(std::span<const std::int64_t> smooth, std::int64_t slot, bool first,
           std::span<std::int32_t> came_from) {
    const std::int64_t top = highest(smooth);
    if (!first) spread(came_from);
    for (std::size_t i = 0; i < merit_.size(); i += 4) {
      const PhiloxBlock block =
          philox_block(seed_, Purpose::kPeak, static_cast<std::uint32_t>(slot),
                       static_cast<std::uint32_t>(i / 4));
      const std::size_t count = std::min<std::size_t>(4, merit_.size() - i);
      for (std::size_t j = 0; j < count; ++j) {
        const auto term = static_cast<std::uint64_t>(path_term(smooth[i + j], top));
        const std::uint64_t before = first ? 0 : (reached_[i + j] - 1) >> 32;
        merit_[i + j] = (((before + term) << 32) | (0xFFFFFFFFu - block.words[j])) + 1;
      }
    }
  }

  [[nodiscard]] std::int32_t best() const {
    return static_cast<std::int32_t>(std::max_element(merit_.begin(), merit_.end()) -
                                     merit_.begin());
  }

 private:
  // reached_ = the best merit within kPathReach tokens on each axis, came_from = whose it is. The
  // order is total, so the best of a square is the best over its rows of the best over columns.
  void spread(std::span<std::int32_t> came_from) {
    for (std::size_t i = 0; i < merit_.size(); ++i) token_[i] = static_cast<std::int32_t>(i);
    for (std::size_t r = 0; r < rows_; ++r) {
      take_best(merit_.data() + r * columns_, token_.data() + r * columns_, 1, columns_,
                reached_.data() + r * columns_, came_from.data() + r * columns_);
    }
    token_.assign(came_from.begin(), came_from.end());
    for (std::size_t c = 0; c < columns_; ++c) {
      take_best(reached_.data() + c, token_.data() + c, columns_, rows_, reached_.data() + c,
                came_from.data() + c);
    }
  }

  // out[i] = best of in[i - reach] to in[i + reach]; in and out may be the same.
  void take_best(const std::uint64_t* merit, const std::int32_t* token, std::size_t stride,
                 std::size_t n, std::uint64_t* out, std::int32_t* out_token) {
    std::uint64_t* line = line_.data();
    std::int32_t* names = line_token_.data();
    for (std::size_t i = 0; i < n; ++i) {
      line[i + kPathReach] = merit[i * stride];
      names[i + kPathReach] = token[i * stride];
    }
    for (std::size_t i = n; i < n + kPathReach; ++i) line[i + kPathReach] = 0;
    for (std::size_t i = 0; i < n; ++i) {
      std::uint64_t best = line[i];
      std::int32_t name = names[i];
      for (std::size_t k = 1; k <= std::size_t{2} * kPathReach; ++k) {
        // Bit masks instead of a branch: which one is greater follows no pattern that a branch
        // predictor could learn.
        const std::uint64_t better = line[i + k] > best ? ~std::uint64_t{0} : 0;
        best ^= (best ^ line[i + k]) & better;
        name ^= (name ^ names[i + k]) & static_cast<std::int32_t>(better);
      }
      out[i * stride] = best;
      out_token[i * stride] = name;
    }
  }

  std::size_t rows_, columns_;
  std::uint64_t seed_;
  std::vector<std::uint64_t> merit_, line_;
  std::vector<std::int32_t> line_token_;
  std::vector<std::uint64_t> reached_;
  std::vector<std::int32_t> token_;
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
