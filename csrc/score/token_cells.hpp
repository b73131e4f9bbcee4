// How the tokens of a view cover the cells of a field, in integers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "math/mask_math.hpp"
#include "mgm.hpp"

namespace mgm {

// One number per cell.
using Accumulator = std::vector<std::uint32_t>;

// How the tokens of one axis cover its cells.
class TokenAxis {
 public:
  TokenAxis(double start, double length, std::int64_t tokens, std::int64_t cell, std::int64_t cells,
            bool mirrored)
      : tokens_(static_cast<std::size_t>(tokens)) {
    for (std::int64_t j = 0; j < tokens; ++j) {
      const std::int64_t low = token_edge(start, length, j, tokens, cell, cells);
      const std::int64_t high = token_edge(start, length, j + 1, tokens, cell, cells);
      Token& token = tokens_[static_cast<std::size_t>(mirrored ? tokens - 1 - j : j)];
      token.first = low / 256;
      token.weights = weights_.size();
      for (std::int64_t k = low / 256; 256 * k < high; ++k) {
        weights_.push_back(cell_overlap(low, high, k));
      }
      token.cells = static_cast<std::int64_t>(weights_.size() - token.weights);
      if (token.cells == 0) continue;
      first_ = std::min(first_, token.first);
      last_ = std::max(last_, token.first + token.cells);
    }
    if (last_ == 0) first_ = 0;
  }

  // Cells [first, last) are covered by some token.
  [[nodiscard]] std::int64_t first() const { return first_; }
  [[nodiscard]] std::int64_t last() const { return last_; }

  // sum of weight * value(cell) over the cells of token j
  template <class Value>
  [[nodiscard]] std::int64_t cover(std::size_t j, const Value& value) const {
    std::int64_t sum = 0;
    const Token token = tokens_[j];
    for (std::int64_t k = 0; k < token.cells; ++k) {
      sum += weights_[token.weights + static_cast<std::size_t>(k)] * value(token.first + k);
    }
    return sum;
  }

 private:
  struct Token {
    std::int64_t first = 0, cells = 0;
    std::size_t weights = 0;
  };
  std::vector<Token> tokens_;
  std::vector<std::int64_t> weights_;
  std::int64_t first_ = std::int64_t{1} << 62, last_ = 0;
};

// The tokens of a view over the cells of a field.
class TokenCells {
 public:
  TokenCells(const FieldView& field, const Grid& grid, const View& view)
      : wide_(field.cells_wide),
        columns_(grid.columns),
        down_(view.y, view.h, grid.rows, field.cell, field.cells_high, false),
        across_(view.x, view.w, grid.columns, field.cell, field.cells_wide, view.hflip != 0),
        strips_(static_cast<std::size_t>(field.cells_high * grid.columns)) {}

  [[nodiscard]] std::int64_t first_row() const { return down_.first(); }
  [[nodiscard]] std::int64_t last_row() const { return down_.last(); }

  // tokens += the cells' values times their area in the token.
  void add(const Accumulator& cells, std::span<std::int64_t> tokens) {
    const auto columns = static_cast<std::size_t>(columns_);
    for (std::int64_t r = first_row(); r < last_row(); ++r) {
      const std::uint32_t* row = cells.data() + r * wide_;
      std::int64_t* strip = strips_.data() + r * columns_;
      for (std::size_t c = 0; c < columns; ++c) {
        strip[c] = across_.cover(c, [row](std::int64_t k) { return std::int64_t{row[k]}; });
      }
    }
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::int64_t* strip = strips_.data() + i % columns;
      tokens[i] += down_.cover(i / columns, [&](std::int64_t k) { return strip[k * columns_]; });
    }
  }

 private:
  std::int64_t wide_, columns_;
  TokenAxis down_, across_;
  std::vector<std::int64_t> strips_;  // [cell rows, token columns]
};

// Rows [begin, end) of a field.
struct Rows {
  std::int64_t begin = 0, end = 0;
};

[[nodiscard]] inline Rows rows_of_slot(const FieldView& field, const Grid& grid,
                                       std::int64_t slot) {
  const auto samples = static_cast<std::int64_t>(field.sample_offsets.size()) - 1;
  const std::int64_t tubelet = samples / grid.slots;
  return {field.sample_offsets[static_cast<std::size_t>(slot * tubelet)],
          field.sample_offsets[static_cast<std::size_t>((slot + 1) * tubelet)]};
}

// Throws std::invalid_argument unless the slots divide the field's sampled frames.
inline void check_slots(const FieldView& field, const Grid& grid) {
  check_grid(grid);
  const auto samples = static_cast<std::int64_t>(field.sample_offsets.size()) - 1;
  if (samples < 1 || samples % grid.slots != 0) {
    throw std::invalid_argument("grid must have a number of slots that divides the field's " +
                                std::to_string(samples) + " sampled frames, not " +
                                std::to_string(grid.slots));
  }
}

}  // namespace mgm
