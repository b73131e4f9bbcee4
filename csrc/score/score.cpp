#include "score/score.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "math/mask_math.hpp"
#include "score/camera.hpp"
#include "score/token_cells.hpp"

namespace mgm {

namespace {

constexpr std::int64_t kRowsIn32Bits = 32768;  // speeds of so many rows add up to less than 2^32

// Sums of speed and of validity per cell, over rows.
class SpeedSums {
 public:
  explicit SpeedSums(const FieldView& field)
      : field_(field),
        row_(field.cells_high, field.cells_wide),
        speed_(static_cast<std::size_t>(field.cells_high * field.cells_wide)),
        count_(speed_.size()) {}

  // Cell rows [first, last) of the field's rows that are no cuts.
  void sum(Rows rows, Camera camera, std::int64_t first, std::int64_t last) {
    std::fill(speed_.begin(), speed_.end(), 0u);
    std::fill(count_.begin(), count_.end(), 0u);
    const auto low = static_cast<std::size_t>(first * field_.cells_wide);
    const auto high = static_cast<std::size_t>(last * field_.cells_wide);
    for (std::int64_t m = rows.begin; m < rows.end; ++m) {
      if (field_.cuts[static_cast<std::size_t>(m)] != 0) continue;
      row_.load(field_.vectors.subspan(static_cast<std::size_t>(m) * speed_.size() * 2,
                                       speed_.size() * 2));
      row_.subtract(camera);
      add(low, high);
    }
  }

  [[nodiscard]] const Accumulator& speed() const { return speed_; }
  [[nodiscard]] const Accumulator& count() const { return count_; }

 private:
  void add(std::size_t low, std::size_t high) {
    const std::int16_t *dx = row_.dx().data(), *dy = row_.dy().data();
    const std::int16_t* valid = row_.valid().data();
    std::uint32_t *speeds = speed_.data(), *counts = count_.data();
    for (std::size_t i = low; i < high; ++i) {
      speeds[i] += static_cast<std::uint32_t>(mgm::speed(dx[i], dy[i]));
      counts[i] += static_cast<std::uint32_t>(-valid[i]);
    }
  }

  const FieldView& field_;
  CameraRow row_;
  Accumulator speed_, count_;
};

// A token without a valid cell takes the mean of its valid neighbours.
void fill_holes(const Grid& grid, std::span<const std::uint8_t> valid,
                std::span<std::int64_t> motion) {
  const auto at = [&](std::int64_t r, std::int64_t c) {
    return static_cast<std::size_t>(r * grid.columns + c);
  };
  for (std::int64_t r = 0; r < grid.rows; ++r) {
    for (std::int64_t c = 0; c < grid.columns; ++c) {
      if (valid[at(r, c)] != 0) continue;
      std::int64_t sum = 0, count = 0;
      for (std::int64_t i = std::max<std::int64_t>(r - 1, 0); i < std::min(r + 2, grid.rows); ++i) {
        for (std::int64_t j = std::max<std::int64_t>(c - 1, 0); j < std::min(c + 2, grid.columns);
             ++j) {
          if (valid[at(i, j)] == 0) continue;
          sum += motion[at(i, j)];
          ++count;
        }
      }
      if (count > 0) motion[at(r, c)] = sum / count;
    }
  }
}

// bool [R, C]: the token's centre lies in an ignored box.
std::vector<std::uint8_t> ignored_tokens(const Grid& grid, const View& view,
                                         std::span<const Box> boxes) {
  std::vector<std::uint8_t> ignored(static_cast<std::size_t>(grid.rows * grid.columns));
  for (std::size_t i = 0; i < ignored.size() && !boxes.empty(); ++i) {
    const std::int64_t r = static_cast<std::int64_t>(i) / grid.columns;
    const std::int64_t c = static_cast<std::int64_t>(i) % grid.columns;
    const double y = token_middle(view.y, view.h, r, grid.rows);
    const std::int64_t column = view.hflip != 0 ? grid.columns - 1 - c : c;
    const double x = token_middle(view.x, view.w, column, grid.columns);
    ignored[i] = std::any_of(boxes.begin(), boxes.end(), [&](const Box& box) {
      return x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1;
    });
  }
  return ignored;
}

void check_weight(std::span<const std::int32_t> weight, std::size_t tokens) {
  if (weight.size() != tokens) {
    throw std::invalid_argument("weight must have " + std::to_string(tokens) +
                                " values, one per token, not " + std::to_string(weight.size()));
  }
  for (const std::int32_t value : weight) {
    if (value < 0 || value > 65536) {
      throw std::invalid_argument("weight must be in [0, 65536], not " + std::to_string(value));
    }
  }
}

void weigh(Score& score, const View& view, std::span<const std::int32_t> weight,
           std::span<const Box> ignore) {
  score.values = score.motion;
  if (!weight.empty()) {
    check_weight(weight, score.values.size());
    for (std::size_t i = 0; i < weight.size(); ++i) {
      score.values[i] = (score.values[i] * weight[i]) >> 16;
    }
  }
  if (ignore.empty()) return;
  const std::vector<std::uint8_t> ignored = ignored_tokens(score.grid, view, ignore);
  for (std::size_t i = 0; i < score.values.size(); ++i) {
    if (ignored[i % ignored.size()] != 0) score.values[i] = score.motion[i] = 0;
  }
}

}  // namespace

Score motion_score(const FieldView& field, const Grid& grid, const View& view,
                   const ScoreOptions& options) {
  check_slots(field, grid);
  const auto slot_tokens = static_cast<std::size_t>(grid.rows * grid.columns);
  const auto slots = static_cast<std::size_t>(grid.slots);
  Score score{.grid = grid,
              .values = {},
              .motion = std::vector<std::int64_t>(slots * slot_tokens),
              .valid = std::vector<std::uint8_t>(slots * slot_tokens),
              .cuts = std::vector<std::uint8_t>(slots)};
  TokenCells tokens(field, grid, view);
  SpeedSums sums(field);
  std::vector<std::int64_t> speed(slot_tokens), area(slot_tokens);
  for (std::size_t s = 0; s < slots; ++s) {
    std::fill(speed.begin(), speed.end(), 0);
    std::fill(area.begin(), area.end(), 0);
    const Rows rows = rows_of_slot(field, grid, static_cast<std::int64_t>(s));
    for (std::int64_t m = rows.begin; m < rows.end; m += kRowsIn32Bits) {
      sums.sum({m, std::min(m + kRowsIn32Bits, rows.end)}, options.camera, tokens.first_row(),
               tokens.last_row());
      tokens.add(sums.speed(), speed);
      tokens.add(sums.count(), area);
    }
    for (std::int64_t m = rows.begin; m < rows.end; ++m) {
      score.cuts[s] |= field.cuts[static_cast<std::size_t>(m)];
    }
    const auto motion = std::span(score.motion).subspan(s * slot_tokens, slot_tokens);
    const auto valid = std::span(score.valid).subspan(s * slot_tokens, slot_tokens);
    for (std::size_t i = 0; i < slot_tokens; ++i) {
      valid[i] = area[i] > 0;
      if (area[i] > 0) motion[i] = mean_speed(speed[i], area[i]);
    }
    fill_holes(grid, valid, motion);
  }
  if (options.weight_by_coded) {
    weigh(score, view, coded_share(field, grid, view), options.ignore);
  } else {
    weigh(score, view, options.weight, options.ignore);
  }
  return score;
}

std::vector<std::int32_t> coded_share(const FieldView& field, const Grid& grid, const View& view) {
  check_slots(field, grid);
  const auto slot_tokens = static_cast<std::size_t>(grid.rows * grid.columns);
  const auto cells = static_cast<std::size_t>(field.cells_high * field.cells_wide);
  std::vector<std::int32_t> share(static_cast<std::size_t>(grid.slots) * slot_tokens);
  TokenCells tokens(field, grid, view);
  Accumulator count(cells);
  std::vector<std::int64_t> area(slot_tokens), sum(slot_tokens);
  tokens.add(Accumulator(cells, 1), area);
  for (std::int64_t s = 0; s < grid.slots; ++s) {
    const Rows rows = rows_of_slot(field, grid, s);
    std::fill(count.begin(), count.end(), 0u);
    std::fill(sum.begin(), sum.end(), 0);
    for (std::int64_t m = rows.begin; m < rows.end; ++m) {
      const std::uint8_t* coded = field.coded.data() + static_cast<std::size_t>(m) * cells;
      for (std::size_t i = 0; i < cells; ++i) count[i] += coded[i];
    }
    tokens.add(count, sum);
    for (std::size_t i = 0; i < slot_tokens; ++i) {
      const std::int64_t whole = area[i] * (rows.end - rows.begin);
      share[static_cast<std::size_t>(s) * slot_tokens + i] =
          whole > 0 ? static_cast<std::int32_t>(sum[i] * 65536 / whole) : 0;
    }
  }
  return share;
}

}  // namespace mgm
