// Turns the centre of a slot's box into exactly K masked tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "masks/boxes.hpp"
#include "masks/select.hpp"

namespace mgm {

// Paints one slot after the other; owns the ranks and the selector.
class BoxPainter {
 public:
  // The clip's aspect and jitter are drawn here. The job outlives this.
  explicit BoxPainter(const MaskJob& job);

  [[nodiscard]] BoxSize size() const { return size_; }

  // Peaks are moved by the clip's jitter, places on a walk are not.
  void paint(Centre centre, std::int64_t slot);

 private:
  // Rows [top, bottom), columns [left, right).
  struct Rectangle {
    std::int64_t top = 0, bottom = 0, left = 0, right = 0;
    [[nodiscard]] std::int64_t area() const { return (bottom - top) * (right - left); }
    [[nodiscard]] bool holds(std::int64_t r, std::int64_t c) const {
      return r >= top && r < bottom && c >= left && c < right;
    }
  };

  void grow(Centre centre, std::int64_t slot, Mask tokens);
  [[nodiscard]] Rectangle widened(Rectangle box, std::int64_t reach) const;
  [[nodiscard]] std::int64_t next_reach(const Rectangle& box) const;
  void fill(const Rectangle& box, Mask tokens) const;

  const MaskJob& job_;
  Grid grid_;
  BoxSize size_;
  std::int64_t k_, jitter_row_, jitter_column_;
  Selector selector_;
  // |dr| * w and |dc| * h of each row and column: the larger is a token's far, the smaller its
  // near.
  std::vector<std::int64_t> down_, across_;
  std::vector<std::int64_t> rim_;
  std::vector<std::uint64_t> rim_ranks_;
};

}  // namespace mgm
