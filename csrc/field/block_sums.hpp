// Blocks spread over the cells of one coded picture, as exact sums.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

struct MgmBlock;

namespace mgm {

// The range of a velocity in the field, in 1/64 pixel per frame.
inline constexpr double kVelocityLimit = 32767;
// Added to a double below 2^51, it leaves the nearest integer, ties to even, in the low bits.
inline constexpr double kToInteger = 0x1.8p52;

// To the nearest integer, ties to even, within the field's range.
[[nodiscard]] inline std::int16_t rounded_velocity(double value) {
  const double inside = std::clamp(value, -kVelocityLimit, kVelocityLimit);
  return static_cast<std::int16_t>(std::bit_cast<std::uint64_t>(inside + kToInteger));
}

// One word of x, one of y; in one register where there is such.
using Words = std::uint64_t __attribute__((vector_size(16)));

using Velocity = double __attribute__((vector_size(16)));

// Sums of one cell. The low 40 bits of x and of y are signed sums of motion in 1/128 pixel per
// frame times half pixels, below 2^27 per block and cell; the bits above are areas in half pixels,
// at most 2^11 per block and cell: valid in x, coded in y. A thousand blocks on one place are still
// exact.
struct alignas(16) CellSums {
  std::uint64_t x, y;

  static constexpr int kAreaShift = 40;
  static constexpr std::uint64_t kOneArea = std::uint64_t{1} << kAreaShift;

  void add(Words value, std::uint64_t times) {
    x += value[0] * times;
    y += value[1] * times;
  }
  [[nodiscard]] static std::int64_t motion(std::uint64_t word) {
    return static_cast<std::int64_t>(word << (64 - kAreaShift)) >> (64 - kAreaShift);
  }
};

// One axis of the coded picture: what is displayed is [low, high) of position + offset, which
// starts in the first cell.
struct CellAxis {
  int offset = 0, low = 0, high = 0, cells = 0;
};

class BlockSums {
 public:
  // Cells of 2^shift pixels, shift 3 to 5. The only allocation.
  BlockSums(const CellAxis& x, const CellAxis& y, int shift);

  // Adds one frame. A distance that is not finite, or nearly 0, makes its vectors unusable. Blocks
  // are cropped to what is displayed; any block is safe.
  void add(std::span<const MgmBlock> blocks, std::span<const float> distances, int motion_scale);

  // The caller sets what it has read back to zero before the next frame.
  [[nodiscard]] CellSums* cells() { return sums_.data(); }
  // What intra blocks cover of the frame added last, as displayed, in half pixels: all of it, and
  // of each cell.
  [[nodiscard]] std::int64_t intra_area() const { return intra_area_; }
  [[nodiscard]] std::span<const std::uint32_t> intra_of(std::span<const MgmBlock> blocks);
  [[nodiscard]] std::size_t size() const { return sums_.size(); }

 private:
  struct Divisor {
    Velocity value;  // motion / value is the velocity; infinite: unusable
    Words offset;    // of the sums from the bits of a double to which kToInteger was added
  };
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static constexpr Words kNoArea = Words{} - std::bit_cast<std::uint64_t>(kToInteger);
  static constexpr Words kHalfArea = kNoArea + Words{CellSums::kOneArea / 2, 0};
  static constexpr Divisor kUnusable{.value = {kInfinity, kInfinity}, .offset = kNoArea};

  void set_divisors(std::span<const float> distances, int motion_scale);
  [[nodiscard]] bool is_usable(const MgmBlock& block) const;
  [[nodiscard]] Words half(const MgmBlock& block) const;
  [[nodiscard]] Words sum_of_two(Words first, const MgmBlock& block, const MgmBlock& second) const;
  void add_area(const MgmBlock& block, Words value);
  template <int kShift>
  void add_blocks(std::span<const MgmBlock> blocks);
  template <class Add>
  void for_each_cell(const MgmBlock& block, Add&& add);

  CellAxis x_, y_;
  int shift_;
  std::size_t num_divisors_ = 0;  // the others are unusable
  std::int64_t intra_area_ = 0;
  std::array<Divisor, 256> divisors_;  // per reference
  std::vector<CellSums> sums_;
  std::vector<std::uint32_t> intra_;
};

}  // namespace mgm
