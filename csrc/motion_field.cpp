#include "motion_field.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "taps/tap.h"

namespace mgm {
namespace {

constexpr double kLimit = 32767;
// Adding and subtracting it rounds a double below 2^51 to the nearest integer, ties to even.
constexpr double kRound = 0x1.8p52;
// A block adds at most 2^11 to an area, so that it takes a thousand blocks on one place to
// overflow.
constexpr int kAreaBits = 21;
constexpr std::uint64_t kAreaMask = (std::uint64_t{1} << kAreaBits) - 1;
constexpr int kMaxSide = 1 << 16;

int shift_of(int cell) {
  switch (cell) {
    case 8:
      return 3;
    case 16:
      return 4;
    case 32:
      return 5;
    default:
      throw std::invalid_argument("cell must be 8, 16, 32 or \"auto\", not " +
                                  std::to_string(cell));
  }
}

int ceil_divide(int value, int by) { return (value + by - 1) / by; }

bool is_intra(char picture_type) {
  return picture_type == 'I' || picture_type == 'i' || picture_type == 'b';
}

}  // namespace

int choose_cell(int width, int height) {
  for (const int cell : {8, 16}) {
    if (std::int64_t{ceil_divide(width, cell)} * ceil_divide(height, cell) <= 4096) return cell;
  }
  return 32;
}

FieldBinner::Axis FieldBinner::make_axis(int start, int length, bool mirrored, int cell) {
  const int cells = ceil_divide(length, cell);
  const int low = mirrored ? cells * cell - length : 0;
  return {.offset = low - start, .low = low, .high = low + length, .cells = cells};
}

FieldBinner::FieldBinner(const PictureGeometry& geometry, std::optional<int> cell) {
  const auto& g = geometry;
  if (std::min(g.crop_width, g.crop_height) < 1 ||
      std::max(g.crop_width, g.crop_height) > kMaxSide) {
    throw std::invalid_argument("the displayed picture must have sides from 1 to 65536, not " +
                                std::to_string(g.crop_width) + "x" + std::to_string(g.crop_height));
  }
  if (g.rotation < 0 || g.rotation > 270 || g.rotation % 90 != 0) {
    throw std::invalid_argument("rotation must be 0, 90, 180 or 270, not " +
                                std::to_string(g.rotation));
  }
  transposed_ = g.rotation % 180 == 90;
  width_ = transposed_ ? g.crop_height : g.crop_width;
  height_ = transposed_ ? g.crop_width : g.crop_height;
  shift_ = shift_of(cell.value_or(choose_cell(width_, height_)));
  // Axes of the turned picture along which the coded one runs backwards.
  const bool across = (g.rotation == 90 || g.rotation == 180) != g.hflip;
  const bool down = g.rotation == 180 || g.rotation == 270;
  signs_ = Pair{across ? -1.0 : 1.0, down ? -1.0 : 1.0};
  x_ = make_axis(g.crop_x, g.crop_width, transposed_ ? down : across, this->cell());
  y_ = make_axis(g.crop_y, g.crop_height, transposed_ ? across : down, this->cell());
  columns_ = transposed_ ? y_.cells : x_.cells;
  rows_ = transposed_ ? x_.cells : y_.cells;
  const std::int64_t column = transposed_ ? x_.cells : 1;
  const std::int64_t row = transposed_ ? 1 : x_.cells;
  first_ = (across ? (columns_ - 1) * column : 0) + (down ? (rows_ - 1) * row : 0);
  column_step_ = across ? -column : column;
  row_step_ = down ? -row : row;
  sums_.resize(static_cast<std::size_t>(rows_ * columns_));
}

void FieldBinner::set_divisors(const CodedFrame& frame) {
  divisors_.fill(0);
  const std::size_t count = std::min(divisors_.size(), frame.distances.size());
  for (std::size_t i = 0; i < count; ++i) {
    const double divisor = double{frame.distances[i]} * frame.motion_scale / 64;
    divisors_[i] = std::isfinite(divisor) ? divisor : 0;
  }
}

inline FieldBinner::Pair FieldBinner::velocity(const MgmBlock& block) const {
  const Pair motion{static_cast<double>(block.motion_x), static_cast<double>(block.motion_y)};
  const Pair limit{kLimit, kLimit};
  Pair value = motion / divisors_[block.reference];
  value = value < limit ? value : limit;
  value = value > -limit ? value : -limit;
  return (value + kRound) - kRound;
}

inline void FieldBinner::add_block(const MgmBlock& block, const MgmBlock* second) {
  const int left = block.x - block.w / 2 + x_.offset;
  const int top = block.y - block.h / 2 + y_.offset;
  const int x0 = std::max(left, x_.low), x1 = std::min(left + block.w, x_.high);
  const int y0 = std::max(top, y_.low), y1 = std::min(top + block.h, y_.high);
  if (x0 >= x1 || y0 >= y1) return;

  const bool intra = (block.flags & MGM_BLOCK_INTRA) != 0;
  const bool coded = intra || (block.flags & MGM_BLOCK_CODED) != 0;
  const bool first_usable = !intra && divisors_[block.reference] != 0;
  const bool second_usable = !intra && second != nullptr && divisors_[second->reference] != 0;
  Pair motion{};
  if (first_usable) motion = velocity(block);
  if (second_usable) motion += velocity(*second);
  if (first_usable != second_usable) motion += motion;
  const std::uint64_t kinds = std::uint64_t{first_usable || second_usable} |
                              std::uint64_t{coded} << kAreaBits |
                              std::uint64_t{intra} << 2 * kAreaBits;

  const int weight = (block.flags & MGM_BLOCK_FIELD) != 0 ? 1 : 2;
  const int cell = 1 << shift_;
  for (int y = y0; y < y1;) {
    const int row_end = std::min((y | (cell - 1)) + 1, y1);
    Sums* row = sums_.data() + (y >> shift_) * std::ptrdiff_t{x_.cells};
    for (int x = x0; x < x1;) {
      const int end = std::min((x | (cell - 1)) + 1, x1);
      const int area = (end - x) * (row_end - y) * weight;
      Sums& sums = row[x >> shift_];
      sums.motion += motion * static_cast<double>(area);
      sums.areas += kinds * static_cast<std::uint64_t>(area);
      x = end;
    }
    y = row_end;
  }
}

std::int64_t FieldBinner::write_cells(std::span<std::int16_t> vectors,
                                      std::span<std::uint8_t> coded) {
  std::int64_t intra_cells = 0;
  const Pair limit{kLimit, kLimit};
  std::int16_t* vector = vectors.data();
  std::uint8_t* coded_cell = coded.data();
  for (std::int64_t r = 0; r < rows_; ++r) {
    const auto high =
        static_cast<std::uint64_t>(std::min<std::int64_t>(cell(), height_ - r * cell()));
    Sums* sums = sums_.data() + first_ + r * row_step_;
    for (std::int64_t c = 0; c < columns_; ++c, sums += column_step_) {
      const auto wide =
          static_cast<std::uint64_t>(std::min<std::int64_t>(cell(), width_ - c * cell()));
      const std::uint64_t area = high * wide;  // half of the cell's, in half pixels
      const std::uint64_t valid = sums->areas & kAreaMask;
      Pair mean = transposed_ ? Pair{sums->motion[1], sums->motion[0]} : sums->motion;
      mean = mean * signs_ / static_cast<double>(2 * valid);
      mean = mean < limit ? mean : limit;
      mean = mean > -limit ? mean : -limit;
      mean = (mean + kRound) - kRound;
      *vector++ = valid >= area ? static_cast<std::int16_t>(mean[0]) : kInvalid;
      *vector++ = valid >= area ? static_cast<std::int16_t>(mean[1]) : std::int16_t{0};
      *coded_cell++ = (sums->areas >> kAreaBits & kAreaMask) >= area;
      intra_cells += (sums->areas >> 2 * kAreaBits & kAreaMask) >= area;
      *sums = Sums{};
    }
  }
  return intra_cells;
}

bool FieldBinner::write_row(const CodedFrame& frame, std::span<std::int16_t> vectors,
                            std::span<std::uint8_t> coded) {
  const auto cells = static_cast<std::size_t>(rows_ * columns_);
  if (vectors.size() != 2 * cells || coded.size() != cells) {
    throw std::invalid_argument("a row has " + std::to_string(cells) + " cells, not " +
                                std::to_string(coded.size()));
  }
  const auto invalidate = [&] {
    for (std::size_t i = 0; i < cells; ++i) {
      vectors[2 * i] = kInvalid;
      vectors[2 * i + 1] = 0;
    }
  };
  if (is_intra(frame.picture_type)) {
    invalidate();
    std::ranges::fill(coded, std::uint8_t{1});
    return false;
  }
  set_divisors(frame);
  const auto blocks = frame.blocks;
  for (std::size_t i = 0; i < blocks.size();) {
    const MgmBlock& block = blocks[i++];
    if ((block.flags & MGM_BLOCK_SECOND) != 0) continue;
    const bool paired = i < blocks.size() && (blocks[i].flags & MGM_BLOCK_SECOND) != 0;
    add_block(block, paired ? &blocks[i++] : nullptr);
  }
  const bool cut = 2 * write_cells(vectors, coded) > rows_ * columns_;
  if (cut) invalidate();
  return cut;
}

}  // namespace mgm
