#include "block_sums.hpp"

#include <cmath>
#include <cstddef>
#include <cstring>

#include "taps/tap.h"

namespace mgm {
namespace {

// Pairs, in one register where there are such.
using Words = std::uint64_t __attribute__((vector_size(16)));
using Pair = double __attribute__((vector_size(16)));
using Integers = std::int32_t __attribute__((vector_size(8)));

// Two 32-bit numbers, x in the low half. Sums and differences are exact where both halves of the
// result are not negative; a negative low half shows as such.
using Lanes = std::uint64_t;
constexpr Lanes lanes(std::int64_t x, std::int64_t y) {
  return static_cast<Lanes>(x) + (static_cast<Lanes>(y) << 32);
}
constexpr Lanes kOnes = lanes(1, 1);
constexpr Lanes kSigns = kOnes << 31, kLow = 0xffffffff;

// The mean of a block's two vectors, or the one that is usable.
CellSums mean(CellSums first, CellSums second) {
  if (CellSums::area(second.x) == 0) return first;
  if (CellSums::area(first.x) == 0) return second;
  const auto middle = [](std::uint64_t a, std::uint64_t b) {
    return static_cast<std::uint64_t>((CellSums::motion(a) + CellSums::motion(b)) / 2);
  };
  return {.x = middle(first.x, second.x) + CellSums::kOneArea, .y = middle(first.y, second.y)};
}

// Whether a block is the same as another but for its column.
inline bool is_equal(const MgmBlock& one, const MgmBlock& other) {
  static_assert(sizeof(MgmBlock) == 16 && offsetof(MgmBlock, y) == 2);
  std::array<std::uint64_t, 4> words;  // overlap: two for bytes 2 to 15 of each
  std::memcpy(&words[0], &one.y, 8);
  std::memcpy(&words[1], &other.y, 8);
  std::memcpy(&words[2], &one.motion_x, 8);
  std::memcpy(&words[3], &other.motion_x, 8);
  return ((words[0] ^ words[1]) | (words[2] ^ words[3])) == 0;
}

// Moves next past the blocks that continue one to its right, with all of its values, as long as
// they are within room; returns how wide they are.
inline std::uint64_t skip_equal(const MgmBlock& block, const MgmBlock*& next, const MgmBlock* end,
                                std::uint64_t room) {
  std::uint64_t width = 0;
  const int step = block.w;
  for (int x = block.x + step; next != end && next->x == x && is_equal(block, *next); x += step) {
    const MgmBlock* after = next + 1;
    if (after != end && (after->flags & MGM_BLOCK_SECOND) != 0) break;
    if (width + block.w > room) break;
    width += block.w;
    next = after;
  }
  return width;
}

// A frame block whose edges are edges of cells. extent: its cells across and down.
inline void add_whole_cells(CellSums* line, Lanes extent, std::uint64_t stride, Words sums) {
  const std::uint64_t columns = extent & kLow;
  for (Lanes lines = extent >> 32; lines > 0; --lines, line += stride) {
    for (CellSums *cell = line, *end = line + columns; cell != end; ++cell) {
      *cell = std::bit_cast<CellSums>(std::bit_cast<Words>(*cell) + sums);
    }
  }
}

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
    divisors_[i] = {.value = double{distance} * motion_scale / 64, .usable = CellSums::kOneArea};
  }
}

// Calls add(index of the cell, pixels of it) for each cell that the area touches.
template <class Add>
inline void BlockSums::for_each_cell(const Rectangle& area, Add&& add) {
  const int mask = (1 << shift_) - 1;
  for (int y = area.top; y < area.bottom;) {
    const int end_y = std::min((y | mask) + 1, area.bottom);
    const int row = (y >> shift_) * x_.cells;
    for (int x = area.left; x < area.right;) {
      const int end_x = std::min((x | mask) + 1, area.right);
      add(static_cast<std::size_t>(row + (x >> shift_)), (end_x - x) * (end_y - y));
      x = end_x;
    }
    y = end_y;
  }
}

// Any block: clipped to what is displayed and spread over the cells that it touches.
void BlockSums::add_area(const MgmBlock& block, CellSums value) {
  const int left = block.x - block.w / 2 + x_.offset, top = block.y - block.h / 2 + y_.offset;
  const Rectangle area{.left = std::max(left, x_.low),
                       .top = std::max(top, y_.low),
                       .right = std::min(left + block.w, x_.high),
                       .bottom = std::min(top + block.h, y_.high)};
  const int weight = (block.flags & MGM_BLOCK_FIELD) != 0 ? 1 : 2;
  if ((block.flags & MGM_BLOCK_INTRA) != 0) {
    value = {.x = 0, .y = CellSums::kOneArea};
    for_each_cell(area, [&](std::size_t cell, int pixels) {
      intra_[cell] += static_cast<std::uint32_t>(pixels * weight);
      intra_area_ += pixels * weight;
    });
  }
  for_each_cell(area, [&](std::size_t cell, int pixels) {
    sums_[cell].add(value, static_cast<std::uint64_t>(pixels * weight));
  });
}

// Twice a vector's velocity, and one valid area if it is usable.
inline CellSums BlockSums::twice(const MgmBlock& block) const {
  const Divisor& divisor = divisors_[block.reference];
  const Integers motion{block.motion_x, block.motion_y};
  const Pair exact = __builtin_convertvector(motion, Pair) / divisor.value;
  const Pair nearest = exact + kToInteger;
  constexpr auto kZero = std::bit_cast<std::uint64_t>(kToInteger);
  std::uint64_t x = std::bit_cast<std::uint64_t>(nearest[0]) - kZero;
  std::uint64_t y = std::bit_cast<std::uint64_t>(nearest[1]) - kZero;
  constexpr std::uint64_t kSurelyInside = 1 << 14;
  if (((x + kSurelyInside) | (y + kSurelyInside)) >= 2 * kSurelyInside) [[unlikely]] {
    x = static_cast<std::uint64_t>(rounded_velocity(exact[0]));
    y = static_cast<std::uint64_t>(rounded_velocity(exact[1]));
  }
  return {.x = 2 * x + divisor.usable, .y = 2 * y};
}

void BlockSums::add(std::span<const MgmBlock> blocks, std::span<const float> distances,
                    int motion_scale) {
  set_divisors(distances, motion_scale);
  intra_area_ = 0;
  const Lanes offset = lanes(x_.offset, y_.offset);
  const Lanes low = lanes(x_.low, y_.low), high = lanes(x_.high, y_.high);
  const Lanes in_cell = kOnes * ((Lanes{1} << shift_) - 1), cell_of = ~in_cell;
  const auto stride = static_cast<Lanes>(x_.cells);
  const int shift = shift_, row_shift = 32 + shift, whole = 2 * shift + 1;
  CellSums* const sums = sums_.data();
  const MgmBlock* next = blocks.data();
  const MgmBlock* const end = next + blocks.size();
  const auto at_second = [&] { return next != end && (next->flags & MGM_BLOCK_SECOND) != 0; };
  while (at_second()) ++next;
  while (next != end) {
    const MgmBlock& block = *next++;
    CellSums value = twice(block);
    const bool alone = !at_second();
    if (!alone) {
      value = mean(value, twice(*next));
      while (at_second()) ++next;
    }
    value.y += static_cast<std::uint64_t>(block.flags & MGM_BLOCK_CODED) *
               (CellSums::kOneArea / MGM_BLOCK_CODED);

    const Lanes extent = lanes(block.w, block.h);
    const Lanes start = lanes(block.x, block.y) - (extent >> 1 & kOnes * 127) + offset;
    Lanes stop = start + extent;
    const bool inside = (((start - low) | (high - stop)) & kSigns) == 0;
    const bool plain = (block.flags & (MGM_BLOCK_INTRA | MGM_BLOCK_FIELD)) == 0;
    if (!inside || !plain) {
      add_area(block, value);
      continue;
    }
    CellSums* const first = sums + (start >> row_shift) * stride + ((start & kLow) >> shift);
    if (((start | stop) & in_cell) == 0) {
      if (alone) stop += skip_equal(block, next, end, (high & kLow) - (stop & kLow));
      add_whole_cells(first, (stop - start) >> shift, stride, std::bit_cast<Words>(value) << whole);
    } else if (((start ^ (stop - kOnes)) & cell_of) == 0) {
      first->add(value, static_cast<std::uint64_t>(2 * block.w * block.h));
    } else {
      add_area(block, value);
    }
  }
}

}  // namespace mgm
