#include "field/block_sums.hpp"

#include <cmath>
#include <cstddef>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "taps/blocks.h"

namespace mgm {
namespace {

// Two 32-bit numbers, x in the low half. Sums and differences are exact where both halves of the
// result are not negative; a negative low half shows as such.
using Lanes = std::uint64_t;
constexpr Lanes lanes(std::int64_t x, std::int64_t y) {
  return static_cast<Lanes>(x) + (static_cast<Lanes>(y) << 32);
}
constexpr Lanes kOnes = lanes(1, 1);
constexpr Lanes kSigns = kOnes << 31, kLow = 0xffffffff;

constexpr Words kCodedArea[] = {{0, 0}, {0, CellSums::kOneArea}};

// A block's motion within the limits of a velocity, once it is divided. The compiler finds no
// single instruction for either step by itself.
inline Velocity divided(const MgmBlock& block, Velocity divisor) {
  constexpr Velocity kHighest{kVelocityLimit, kVelocityLimit};
#ifdef __SSE2__
  static_assert(offsetof(MgmBlock, motion_y) == offsetof(MgmBlock, motion_x) + 4);
  const Velocity exact = _mm_cvtepi32_pd(_mm_loadu_si64(&block.motion_x)) / divisor;
  return _mm_max_pd(_mm_min_pd(exact, kHighest), -kHighest);
#else
  const Velocity exact =
      Velocity{static_cast<double>(block.motion_x), static_cast<double>(block.motion_y)} / divisor;
  const Velocity low = exact < kHighest ? exact : kHighest;
  return low > -kHighest ? low : -kHighest;
#endif
}

// The cells as frame blocks find theirs.
template <int kShift>
struct Grid {
  static constexpr Lanes kInCell = kOnes * ((Lanes{1} << kShift) - 1);

  Lanes offset, low, high;  // CellAxis's
  Lanes stride;
  CellSums* sums;

  Grid(const CellAxis& x, const CellAxis& y, CellSums* first)
      : offset(lanes(x.offset, y.offset)),
        low(lanes(x.low, y.low)),
        high(lanes(x.high, y.high)),
        stride(static_cast<Lanes>(x.cells)),
        sums(first) {}

  [[nodiscard]] bool holds(Lanes start, Lanes stop) const {
    return (((start - low) | (high - stop)) & kSigns) == 0;
  }
  [[nodiscard]] CellSums* at(Lanes place) const {
    return sums + (place >> (32 + kShift)) * stride + ((place & kLow) >> kShift);
  }
  // All cells of a place, whose edges are edges of cells.
  void add(Lanes start, Lanes extent, Words value) const {
    const Words sum = value << (2 * kShift + 1);
    const std::uint64_t columns = (extent & kLow) >> kShift;
    CellSums* line = at(start);
    for (Lanes lines = extent >> (32 + kShift); lines > 0; --lines, line += stride) {
      for (std::uint64_t c = 0; c < columns; ++c) {
        line[c] = std::bit_cast<CellSums>(std::bit_cast<Words>(line[c]) + sum);
      }
    }
  }
};

}  // namespace

BlockSums::BlockSums(const CellAxis& x, const CellAxis& y, int shift)
    : x_(x),
      y_(y),
      shift_(shift),
      sums_(static_cast<std::size_t>(std::int64_t{x.cells} * y.cells)),
      intra_(sums_.size()) {
  divisors_.fill(kUnusable);
}

void BlockSums::set_divisors(std::span<const float> distances, int motion_scale) {
  // Distances are multiples of 1/2; what is far below is no distance.
  constexpr float kLeast = 0x1p-6F;
  std::fill_n(divisors_.begin(), num_divisors_, kUnusable);
  const std::size_t count = std::min(divisors_.size(), distances.size());
  num_divisors_ = count;
  for (std::size_t i = 0; i < count && motion_scale > 0; ++i) {
    const float distance = distances[i];
    if (!std::isfinite(distance) || std::abs(distance) < kLeast) continue;
    const double value = double{distance} * motion_scale / 64;
    divisors_[i] = {.value = Velocity{value, value}, .offset = kHalfArea};
  }
}

// Calls add(index of the cell, half pixels of it) for each displayed cell that the block touches.
template <class Add>
inline void BlockSums::for_each_cell(const MgmBlock& block, Add&& add) {
  const int mask = (1 << shift_) - 1;
  const int weight = (block.flags & MGM_BLOCK_FIELD) != 0 ? 1 : 2;
  const int left = block.x - block.w / 2 + x_.offset, top = block.y - block.h / 2 + y_.offset;
  const int right = std::min(left + block.w, x_.high), bottom = std::min(top + block.h, y_.high);
  for (int y = std::max(top, y_.low); y < bottom;) {
    const int end_y = std::min((y | mask) + 1, bottom);
    const int row = (y >> shift_) * x_.cells;
    for (int x = std::max(left, x_.low); x < right;) {
      const int end_x = std::min((x | mask) + 1, right);
      add(static_cast<std::size_t>(row + (x >> shift_)), (end_x - x) * (end_y - y) * weight);
      x = end_x;
    }
    y = end_y;
  }
}

// Any block.
void BlockSums::add_area(const MgmBlock& block, Words value) {
  const bool is_intra = (block.flags & MGM_BLOCK_INTRA) != 0;
  if (is_intra) value = kCodedArea[1];
  for_each_cell(block, [&](std::size_t cell, int half_pixels) {
    sums_[cell].add(value, static_cast<std::uint64_t>(half_pixels));
    if (is_intra) intra_area_ += half_pixels;
  });
}

std::span<const std::uint32_t> BlockSums::intra_of(std::span<const MgmBlock> blocks) {
  std::ranges::fill(intra_, 0U);
  for (const MgmBlock& block : blocks) {
    if ((block.flags & MGM_BLOCK_INTRA) == 0) continue;
    for_each_cell(block, [&](std::size_t cell, int half_pixels) {
      intra_[cell] += static_cast<std::uint32_t>(half_pixels);
    });
  }
  return intra_;
}

// A vector's velocity, in 1/64 pixel per frame, and half of a valid area if it is usable.
inline Words BlockSums::half(const MgmBlock& block) const {
  const Divisor& divisor = divisors_[block.reference];
  const Velocity nearest = divided(block, divisor.value) + kToInteger;
  return std::bit_cast<Words>(nearest) + divisor.offset;
}

inline bool BlockSums::is_usable(const MgmBlock& block) const {
  return divisors_[block.reference].offset[0] == kHalfArea[0];
}

// Twice the mean of a block's two vectors, or of the one that is usable, and one valid area; 0 if
// neither is.
inline Words BlockSums::sum_of_two(Words first, const MgmBlock& block,
                                   const MgmBlock& second) const {
  const Words sum = first + half(second);
  const bool both = is_usable(block) && is_usable(second);
  return both ? sum : sum + sum;
}

template <int kShift>
void BlockSums::add_blocks(std::span<const MgmBlock> blocks) {
  const Grid<kShift> grid(x_, y_, sums_.data());
  const MgmBlock* next = blocks.data();
  const MgmBlock* const end = next + blocks.size();
  const auto at_second = [&] { return next != end && (next->flags & MGM_BLOCK_SECOND) != 0; };
  while (at_second()) ++next;
  while (next != end) {
    const MgmBlock& block = *next++;
    Words value = half(block);
    if (!at_second()) {
      value += value;
    } else {
      value = sum_of_two(value, block, *next);
      while (at_second()) ++next;
    }
    value += kCodedArea[(block.flags & MGM_BLOCK_CODED) / MGM_BLOCK_CODED];

    const auto place = [&](Lanes extent) __attribute__((always_inline)) {
      const Lanes start = lanes(block.x, block.y) - (extent >> 1 & kOnes * 127) + grid.offset;
      const Lanes stop = start + extent;
      const bool inside = grid.holds(start, stop);
      if ((block.flags & (MGM_BLOCK_INTRA | MGM_BLOCK_FIELD)) != 0) {
        if ((block.flags & MGM_BLOCK_FIELD) != 0 || !inside) return add_area(block, value);
        value = kCodedArea[1];
        intra_area_ += std::int64_t{2} * block.w * block.h;
      }
      if (!inside) {  // NOLINT(bugprone-branch-clone): the grid is looked at only inside
        add_area(block, value);
      } else if (((start | extent) & grid.kInCell) == 0) {
        grid.add(start, extent, value);
      } else if (((start ^ (stop - kOnes)) & ~grid.kInCell) == 0) {
        grid.at(start)->add(value, static_cast<std::uint64_t>(2 * block.w * block.h));
      } else {
        add_area(block, value);
      }
    };
    // What most blocks are is a constant.
    constexpr int kMost = 16;
    if (block.w == kMost && block.h == kMost) {
      place(lanes(kMost, kMost));
    } else if (block.w != 0 && block.h != 0) {
      place(lanes(block.w, block.h));
    }
  }
}

void BlockSums::add(std::span<const MgmBlock> blocks, std::span<const float> distances,
                    int motion_scale) {
  set_divisors(distances, motion_scale);
  intra_area_ = 0;
  switch (shift_) {
    case 3:
      return add_blocks<3>(blocks);
    case 4:
      return add_blocks<4>(blocks);
    default:
      return add_blocks<5>(blocks);
  }
}

}  // namespace mgm
