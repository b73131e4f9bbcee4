#include "masks/boxes.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "masks/peaks.hpp"
#include "math/mask_math.hpp"

namespace mgm {

namespace {

// Largest 3x3 sum of each slot.
std::vector<std::int64_t> slot_tops(const Grid& grid, std::span<const std::int64_t> smooth) {
  const auto size = static_cast<std::size_t>(grid.rows * grid.columns);
  std::vector<std::int64_t> tops(static_cast<std::size_t>(grid.slots));
  for (std::size_t s = 0; s < tops.size(); ++s) tops[s] = highest(smooth.subspan(s * size, size));
  return tops;
}

// tops: of the motion before weighting.
std::vector<SlotSource> sources_of(const ScoreView& score, std::span<const std::int64_t> tops,
                                   const MaskOptions& options) {
  const auto size = static_cast<std::size_t>(score.grid.slot_tokens());
  const std::int64_t threshold = still_threshold(options.still);
  std::vector<SlotSource> sources(tops.size());
  SlotSource before = SlotSource::kSimulated;
  for (std::size_t s = 0; s < sources.size(); ++s) {
    const auto valid = score.valid.subspan(s * size, size);
    const bool hidden = s == 0 && options.first == First::kRandom;
    const bool moving =
        !hidden && tops[s] >= threshold &&
        std::any_of(valid.begin(), valid.end(), [](std::uint8_t v) { return v != 0; });
    before = sources[s] = slot_source(before, moving, score.cuts[s] != 0);
  }
  return sources;
}

// Fills peaks along each stretch of moving slots between cuts.
void follow_paths(const ScoreView& score, std::span<const std::int64_t> smooth,
                  std::span<const SlotSource> sources, std::uint64_t seed,
                  std::span<std::int64_t> peaks) {
  const std::int64_t slots = score.grid.slots;
  const auto is_moving = [&](std::int64_t s) {
    return sources[static_cast<std::size_t>(s)] == SlotSource::kGuided;
  };
  const auto is_cut = [&](std::int64_t s) { return score.cuts[static_cast<std::size_t>(s)] != 0; };
  for (std::int64_t begin = 0; begin < slots;) {
    std::int64_t end = begin + 1;
    if (is_moving(begin)) {
      while (end < slots && is_moving(end) && !is_cut(end)) ++end;
      follow_path(smooth, score.grid, {begin, end}, seed, peaks);
    }
    begin = end;
  }
}

// The peaks of all moving slots; the others are not written.
std::vector<Centre> find_peaks(const ScoreView& score, BoxSize size, const MaskOptions& options,
                               std::uint64_t seed, std::span<const std::int64_t> smooth,
                               std::span<const std::int64_t> tops,
                               std::span<const SlotSource> sources) {
  const Grid& grid = score.grid;
  const auto tokens = static_cast<std::size_t>(grid.rows * grid.columns);
  std::vector<Centre> centres(sources.size());
  std::vector<std::int64_t> peaks(sources.size());
  if (options.peak == Peak::kPath) follow_paths(score, smooth, sources, seed, peaks);
  for (std::size_t s = 0; s < sources.size(); ++s) {
    if (sources[s] != SlotSource::kGuided) continue;
    const auto slot = static_cast<std::int64_t>(s);
    const auto values = score.values.subspan(s * tokens, tokens);
    if (options.peak == Peak::kBox) {
      const std::int64_t window = largest(window_sums(values, grid, size), slot, seed);
      centres[s] = window_centre(window, grid.columns, size);
      continue;
    }
    if (options.peak == Peak::kBlock) peaks[s] = largest(values, slot, seed);
    if (options.peak == Peak::kSmooth) {
      peaks[s] = first_equal(smooth.subspan(s * tokens, tokens), tops[s], slot, seed);
    }
    centres[s] = token_centre(peaks[s], grid.columns);
  }
  return centres;
}

}  // namespace

double draw_aspect(const Range& aspect, std::uint64_t seed, Purpose purpose, std::uint32_t slot,
                   std::uint32_t index) {
  const AspectRange range = aspect_range(aspect.low, aspect.high);
  if (range.low == range.high) return range.low;
  return aspect_of(range, philox_word(seed, purpose, slot, index));
}

BoxSize mask_box_size(const Grid& grid, const MaskOptions& options, std::uint64_t seed) {
  const std::int64_t k = count_masked(options, grid.slot_tokens());
  const double aspect = draw_aspect(options.aspect, seed, Purpose::kAspect, 0, 0);
  return box_size(static_cast<double>(k), aspect, grid.rows, grid.columns);
}

Walk make_walk(const Grid& grid, BoxSize size, double step, std::uint64_t seed) {
  return {grid.rows, grid.columns, size, walk_step(step), seed};
}

std::vector<std::int64_t> window_sums(std::span<const std::int64_t> values, const Grid& grid,
                                      BoxSize size) {
  // Sums over everything above and left of a corner, with a row and a column of zeros in front.
  const std::int64_t wide = grid.columns + 1;
  std::vector<std::int64_t> corner(static_cast<std::size_t>((grid.rows + 1) * wide));
  const auto at = [wide](std::int64_t r, std::int64_t c) {
    return static_cast<std::size_t>(r * wide + c);
  };
  for (std::int64_t r = 0; r < grid.rows; ++r) {
    std::int64_t line = 0;
    for (std::int64_t c = 0; c < grid.columns; ++c) {
      line += values[static_cast<std::size_t>(r * grid.columns + c)];
      corner[at(r + 1, c + 1)] = corner[at(r, c + 1)] + line;
    }
  }
  std::vector<std::int64_t> sums;
  for (std::int64_t r = 0; r + size.h <= grid.rows; ++r) {
    for (std::int64_t c = 0; c + size.w <= grid.columns; ++c) {
      sums.push_back(corner[at(r + size.h, c + size.w)] - corner[at(r, c + size.w)] -
                     corner[at(r + size.h, c)] + corner[at(r, c)]);
    }
  }
  return sums;
}

std::vector<Centre> motion_centres(const ScoreView& score, BoxSize size, const MaskOptions& options,
                                   std::uint64_t seed) {
  const Walk walk = make_walk(score.grid, size, options.step, seed);
  const std::size_t tokens = score.values.size();
  const auto buffer = std::make_unique_for_overwrite<std::int64_t[]>(tokens);
  const std::span<std::int64_t> smooth(buffer.get(), tokens);
  smooth_sums(score.motion, score.grid, smooth);
  std::vector<std::int64_t> tops = slot_tops(score.grid, smooth);
  const std::vector<SlotSource> sources = sources_of(score, tops, options);
  if (!std::equal(score.values.begin(), score.values.end(), score.motion.begin())) {
    smooth_sums(score.values, score.grid, smooth);
    tops = slot_tops(score.grid, smooth);
  }
  std::vector<Centre> centres = find_peaks(score, size, options, seed, smooth, tops, sources);
  for (std::size_t s = 0; s < centres.size(); ++s) {
    if (sources[s] == SlotSource::kGuided) continue;
    const SlotSource before = s > 0 ? sources[s - 1] : SlotSource::kSimulated;
    const Centre last = s > 0 ? centres[s - 1] : Centre{};
    centres[s] = walk.still(last, before, sources[s], static_cast<std::int64_t>(s));
  }
  return centres;
}

std::vector<float> boxes_in_source(std::span<const Centre> centres, const Grid& grid, BoxSize size,
                                   const View& view, int width, int height) {
  std::vector<float> boxes(centres.size() * 4);
  for (std::size_t s = 0; s < centres.size(); ++s) {
    box_in_source(centres[s], grid, size, view, width, height, boxes.data() + 4 * s);
  }
  return boxes;
}

std::vector<SlotSource> slot_sources(const ScoreView& score, const MaskOptions& options) {
  std::vector<std::int64_t> smooth(score.motion.size());
  smooth_sums(score.motion, score.grid, smooth);
  return sources_of(score, slot_tops(score.grid, smooth), options);
}

}  // namespace mgm
