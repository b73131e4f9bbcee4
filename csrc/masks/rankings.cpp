#include "masks/rankings.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "masks/select.hpp"
#include "masks/select_tokens.hpp"
#include "math/mask_math.hpp"

namespace mgm {

namespace {

// Score over the clip's largest, in 2^-16; 0 where nothing moves.
class Normalised {
 public:
  explicit Normalised(std::span<const std::int64_t> values)
      : values_(values), largest_(*std::max_element(values.begin(), values.end())) {}
  [[nodiscard]] std::int64_t operator[](std::size_t i) const {
    return path_term(values_[i], largest_);
  }

 private:
  std::span<const std::int64_t> values_;
  std::int64_t largest_;
};

// Calls visit(token, word) with each token's word of `purpose`.
template <class Visit>
void for_each_word(const Grid& grid, std::uint64_t seed, Purpose purpose, const Visit& visit) {
  const auto size = static_cast<std::uint32_t>(grid.rows * grid.columns);
  std::size_t token = 0;
  for (std::uint32_t s = 0; s < static_cast<std::uint32_t>(grid.slots); ++s) {
    for (std::uint32_t i = 0; i < size; i += 4) {
      const PhiloxBlock block = philox_block(seed, purpose, s, i / 4);
      for (std::uint32_t j = 0; j < std::min(4u, size - i); ++j) visit(token++, block.words[j]);
    }
  }
}

std::vector<std::uint64_t> gumbel_ranks(const MaskJob& job) {
  const std::int64_t inverse = inverse_temperature(job.options.temperature);
  const Normalised normalised(job.score.values);
  std::vector<std::uint64_t> ranks(job.score.values.size());
  for_each_word(job.grid, job.seed, Purpose::kGumbel, [&](std::size_t i, std::uint32_t word) {
    ranks[i] = gumbel_rank(normalised[i], inverse, word);
  });
  return ranks;
}

// coverage[token of one slot] = the largest part of it that one box covers, in 1/65536.
void cover(const Grid& grid, const Box& box, const View& view, std::span<std::int64_t> coverage) {
  const std::int64_t top = box_edge(box.y0, view.y, view.h, grid.rows);
  const std::int64_t bottom = box_edge(box.y1, view.y, view.h, grid.rows);
  const std::int64_t left = box_edge(box.x0, view.x, view.w, grid.columns);
  const std::int64_t right = box_edge(box.x1, view.x, view.w, grid.columns);
  for (std::int64_t r = 0; r < grid.rows; ++r) {
    const std::int64_t high = cell_overlap(top, bottom, r);
    for (std::int64_t c = 0; c < grid.columns && high > 0; ++c) {
      const std::int64_t column = view.hflip != 0 ? grid.columns - 1 - c : c;
      std::int64_t& most = coverage[static_cast<std::size_t>(r * grid.columns + c)];
      most = std::max(most, high * cell_overlap(left, right, column));
    }
  }
}

// A tube: `visible_from_motion` of each slot's visible tokens from the half of the positions that
// moves most, the rest from the other half, each uniformly.
void select_halves(const MaskJob& job) {
  const std::int64_t size = job.grid.slot_tokens();
  const std::int64_t visible = size - count_masked(job.options, size);
  std::vector<std::uint64_t> ranks(static_cast<std::size_t>(size), std::uint64_t{1} << 62);
  for (std::size_t i = 0; i < job.score.values.size(); ++i) {
    ranks[i % ranks.size()] -= static_cast<std::uint64_t>(job.score.values[i]);
  }
  Selector selector(size, job.seed);
  const Mask first = job.slot(0);
  selector.select(ranks, 0, size / 2, first);
  std::vector<std::int64_t> moving, still;
  for (std::int64_t i = 0; i < size; ++i) {
    (first[static_cast<std::size_t>(i)] != 0 ? moving : still).push_back(i);
  }
  const std::int64_t movings = std::ssize(moving), stills = std::ssize(still);
  const std::int64_t from_moving =
      visible_from_moving(job.options.visible_from_motion, visible, movings, stills);
  std::fill(ranks.begin(), ranks.end(), 0);
  selector.select_among(std::span(ranks).first(moving.size()), moving, 0, movings - from_moving,
                        first);
  selector.select_among(std::span(ranks).first(still.size()), still, 0,
                        stills - (visible - from_moving), first);
  for (std::int64_t s = 1; s < job.grid.slots; ++s) {
    std::copy(first.begin(), first.end(), job.slot(s).begin());
  }
}

}  // namespace

void TopKMask::make(const MaskJob& job) {
  if (!std::isnan(job.options.visible_from_motion)) return select_halves(job);
  if (job.options.temperature != 0) return select_tokens(job, gumbel_ranks(job));
  std::vector<std::uint64_t> ranks(job.score.values.size());
  std::transform(job.score.values.begin(), job.score.values.end(), ranks.begin(), motion_rank);
  select_tokens(job, ranks);
}

void SelectMask::make(const MaskJob& job) {
  std::vector<std::uint64_t> ranks(job.score.values.size());
  std::transform(job.score.values.begin(), job.score.values.end(), ranks.begin(), rank_of_key);
  select_tokens(job, ranks);
}

void BoxesMask::make(const MaskJob& job) {
  const std::span<const std::int64_t> offsets = job.boxes.offsets, motion = job.score.values;
  std::vector<std::int64_t> coverage(job.mask.size());
  const auto size = static_cast<std::size_t>(job.grid.slot_tokens());
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    for (std::int64_t i = offsets[s]; i < offsets[s + 1]; ++i) {
      cover(job.grid, job.boxes.boxes[static_cast<std::size_t>(i)], job.view,
            std::span(coverage).subspan(s * size, size));
    }
  }
  std::vector<std::uint64_t> ranks(job.mask.size());
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    ranks[i] = coverage_rank(coverage[i], motion.empty() ? 0 : motion[i]);
  }
  select_tokens(job, ranks);
}

void noise_from_score(const ScoreView& score, double strength, std::uint64_t seed,
                      std::span<float> noise) {
  check_grid(score.grid);
  if (!(strength >= 0 && strength <= 64)) {
    throw std::invalid_argument("strength must be in [0, 64], not " + std::to_string(strength));
  }
  const auto scaled = static_cast<std::int64_t>(std::rint(strength * 65536.0));
  const Normalised normalised(score.values);
  for_each_word(score.grid, seed, Purpose::kGumbel, [&](std::size_t i, std::uint32_t word) {
    const std::uint32_t units = scaled == 0 ? uniform24(word) : tilted(normalised[i], scaled, word);
    noise[i] = static_cast<float>(units) / 16777216.0f;
  });
}

void split_states(const ScoreView& score, std::int64_t keep, std::int64_t visible,
                  std::uint64_t seed, std::span<std::uint8_t> states) {
  check_grid(score.grid);
  const auto tokens = static_cast<std::int64_t>(score.values.size());
  if (visible < 1 || visible >= keep || keep > tokens) {
    throw std::invalid_argument(
        "visible and kept tokens must be 1 <= visible < kept <= " + std::to_string(tokens) +
        ", not " + std::to_string(visible) + " and " + std::to_string(keep));
  }
  std::vector<std::uint64_t> ranks(score.values.size());
  std::transform(score.values.begin(), score.values.end(), ranks.begin(), motion_rank);
  Selector selector(score.grid.rows * score.grid.columns, seed);
  selector.select(ranks, 0, keep, states);
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < tokens; ++i) {
    std::uint8_t& state = states[static_cast<std::size_t>(i)];
    if (state != 0) kept.push_back(i);
    if (state == 0) state = 2;
  }
  std::fill(ranks.begin(), ranks.end(), 0);
  selector.select_among(std::span(ranks).first(kept.size()), kept, 0, keep - visible, states);
}

}  // namespace mgm
