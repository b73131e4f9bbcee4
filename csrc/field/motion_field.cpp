#include "field/motion_field.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>
#include <utility>

#include "field/cell_means.hpp"

namespace mgm {
namespace {

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

// Cells are those of the turned picture, so where the axis is mirrored the partial cell comes first
// and the displayed part starts within it.
CellAxis make_axis(int start, int length, bool mirrored, int cell) {
  const int cells = ceil_divide(length, cell);
  const int low = mirrored ? cells * cell - length : 0;
  return {.offset = low - start, .low = low, .high = low + length, .cells = cells};
}

PictureGeometry checked(const PictureGeometry& geometry) {
  const auto [low, high] = std::minmax(geometry.crop_width, geometry.crop_height);
  if (low < 1 || high > kMaxSide) {
    throw std::invalid_argument("the displayed picture must have sides from 1 to 65536, not " +
                                std::to_string(geometry.crop_width) + "x" +
                                std::to_string(geometry.crop_height));
  }
  if (geometry.rotation < 0 || geometry.rotation > 270 || geometry.rotation % 90 != 0) {
    throw std::invalid_argument("rotation must be 0, 90, 180 or 270, not " +
                                std::to_string(geometry.rotation));
  }
  return geometry;
}

void invalidate(std::span<std::int16_t> vectors) {
  for (std::size_t i = 0; i < vectors.size(); i += 2) {
    vectors[i] = kInvalid;
    vectors[i + 1] = 0;
  }
}

}  // namespace

int choose_cell(int width, int height) {
  for (const int cell : {8, 16}) {
    if (std::int64_t{ceil_divide(width, cell)} * ceil_divide(height, cell) <= 4096) return cell;
  }
  return 32;
}

FieldBinner::Turned::Turned(const PictureGeometry& geometry, std::optional<int> cell_size)
    : transposed(checked(geometry).transposed()),
      mirrored_x((geometry.rotation == 90 || geometry.rotation == 180) != geometry.hflip),
      mirrored_y(geometry.rotation == 180 || geometry.rotation == 270),
      width(geometry.turned_width()),
      height(geometry.turned_height()),
      shift(shift_of(cell_size.value_or(choose_cell(width, height)))),
      coded_x(make_axis(geometry.crop_x, geometry.crop_width, transposed ? mirrored_y : mirrored_x,
                        1 << shift)),
      coded_y(make_axis(geometry.crop_y, geometry.crop_height, transposed ? mirrored_x : mirrored_y,
                        1 << shift)) {}

FieldBinner::FieldBinner(const PictureGeometry& geometry, std::optional<int> cell)
    : turned_(geometry, cell), sums_(turned_.coded_x, turned_.coded_y, turned_.shift) {
  const std::int64_t stride = turned_.coded_x.cells;
  columns_ = turned_.transposed ? turned_.coded_y.cells : turned_.coded_x.cells;
  rows_ = turned_.transposed ? turned_.coded_x.cells : turned_.coded_y.cells;
  column_step_ = (turned_.transposed ? stride : 1) * (turned_.mirrored_x ? -1 : 1);
  row_step_ = (turned_.transposed ? 1 : stride) * (turned_.mirrored_y ? -1 : 1);
  first_ = (turned_.mirrored_x ? (1 - columns_) * column_step_ : 0) +
           (turned_.mirrored_y ? (1 - rows_) * row_step_ : 0);
}

std::int64_t FieldBinner::pixels_high(std::int64_t row) const {
  return std::min<std::int64_t>(cell(), height() - row * cell());
}

std::int64_t FieldBinner::pixels_wide(std::int64_t column) const {
  return std::min<std::int64_t>(cell(), width() - column * cell());
}

// More than half of the cells are intra on at least half of their area.
bool FieldBinner::is_cut(std::span<const MgmBlock> blocks) {
  const std::int64_t cells = rows_ * columns_, whole_cells = (rows_ - 1) * (columns_ - 1);
  // Of so many cells at least this many are whole ones, each with half of its area intra.
  const std::int64_t least = cells / 2 + 1 - (cells - whole_cells);
  if (sums_.intra_area() == 0 || sums_.intra_area() < least * cell() * cell()) return false;
  const std::span<const std::uint32_t> intra = sums_.intra_of(blocks);
  std::int64_t count = 0;
  for (std::int64_t r = 0; r < rows_; ++r) {
    for (std::int64_t c = 0; c < columns_; ++c) {
      const std::int64_t place = first_ + r * row_step_ + c * column_step_;
      count += intra[static_cast<std::size_t>(place)] >= pixels_high(r) * pixels_wide(c);
    }
  }
  return 2 * count > cells;
}

template <bool upright>
void FieldBinner::write_cells(std::span<std::int16_t> vectors, std::span<std::uint8_t> coded) {
  const Turned turned = turned_;
  const WholeCells whole(turned.shift);
  const std::int64_t columns = columns_, step = upright ? 1 : column_step_;
  std::int16_t* vector = vectors.data();
  std::uint8_t* coded_cell = coded.data();
  for (std::int64_t r = 0; r < rows_; ++r) {
    // Half of the cell's area in half pixels, that is its pixels.
    auto half = static_cast<std::uint64_t>(pixels_high(r) * cell());
    const auto last_half = static_cast<std::uint64_t>(pixels_high(r) * pixels_wide(columns - 1));
    CellSums* sums = sums_.cells() + first_ + r * row_step_;
    const bool in_fours = upright && pixels_high(r) == cell();
    for (std::int64_t left = columns; left > 0; --left, sums += step, vector += 2) {
      while (in_fours && left > 4 && whole.write_four(sums, vector, coded_cell)) {
        left -= 4, sums += 4, vector += 8, coded_cell += 4;
      }
      if (left == 1) half = last_half;
      const auto words = std::bit_cast<Words>(*sums);
      *sums = {.x = 0, .y = 0};
      const Words areas = (words + CellSums::kOneArea / 2) >> CellSums::kAreaShift;
      *coded_cell++ = areas[1] >= half;
      std::int16_t dx = 0, dy = 0;
      if (areas[0] == whole.area) {
        const Words motion = whole.mean(words);
        dx = static_cast<std::int16_t>(motion[0]);
        dy = static_cast<std::int16_t>(motion[1]);
      } else if (areas[0] >= half) {
        dx = mean_of(words[0], areas[0]);
        dy = mean_of(words[1], areas[0]);
      } else {
        vector[0] = kInvalid;
        vector[1] = 0;
        continue;
      }
      if (!upright && turned.transposed) std::swap(dx, dy);
      vector[0] = !upright && turned.mirrored_x ? static_cast<std::int16_t>(-dx) : dx;
      vector[1] = !upright && turned.mirrored_y ? static_cast<std::int16_t>(-dy) : dy;
    }
  }
}

bool FieldBinner::write_row(const CodedFrame& frame, std::span<std::int16_t> vectors,
                            std::span<std::uint8_t> coded) {
  const std::size_t cells = sums_.size();
  if (vectors.size() != 2 * cells || coded.size() != cells) {
    throw std::invalid_argument("a row has " + std::to_string(cells) + " cells, not " +
                                std::to_string(coded.size()));
  }
  if (is_intra(frame.picture_type)) {
    invalidate(vectors);
    std::ranges::fill(coded, std::uint8_t{1});
    return false;
  }
  sums_.add(frame.blocks, frame.distances, frame.motion_scale);
  const bool upright = !turned_.transposed && !turned_.mirrored_x && !turned_.mirrored_y;
  upright ? write_cells<true>(vectors, coded) : write_cells<false>(vectors, coded);
  const bool cut = is_cut(frame.blocks);
  if (cut) invalidate(vectors);
  return cut;
}

}  // namespace mgm
