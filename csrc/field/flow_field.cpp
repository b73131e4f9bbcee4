// A field from dense flow that somebody else computed.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "field/motion_field.hpp"

namespace mgm {
namespace {

struct Sums {
  std::int64_t x = 0, y = 0, count = 0;
};

// 2^-16 pixel per frame, ties to even, within the field's range.
std::int64_t fixed(float pixels) {
  constexpr double kLimit = 32767.0 / 64;
  return std::llrint(std::clamp(double{pixels}, -kLimit, kLimit) * 65536);
}

void add_line(std::span<const float> flow, std::span<const std::uint8_t> valid, int cell,
              std::span<Sums> sums) {
  const auto width = flow.size() / 2;
  for (std::size_t x = 0; x < width; ++x) {
    const float dx = flow[2 * x], dy = flow[2 * x + 1];
    if ((!valid.empty() && valid[x] == 0) || !std::isfinite(dx) || !std::isfinite(dy)) continue;
    Sums& sum = sums[x / static_cast<std::size_t>(cell)];
    sum.x += fixed(dx);
    sum.y += fixed(dy);
    ++sum.count;
  }
}

// Sums are below 2^36 and counts at most 2^10, so the quotient never rounds onto a tie.
std::int16_t mean(std::int64_t sum, std::int64_t count) {
  return static_cast<std::int16_t>(
      std::lrint(static_cast<double>(sum) / static_cast<double>(count * 1024)));
}

void write_line(std::span<const Sums> sums, int width, int lines, int cell,
                std::span<std::int16_t> vectors) {
  for (std::size_t c = 0; c < sums.size(); ++c) {
    const int columns = std::min(cell, width - static_cast<int>(c) * cell);
    const auto& [x, y, count] = sums[c];
    const bool usable = 2 * count >= std::int64_t{columns} * lines;
    vectors[2 * c] = usable ? mean(x, count) : kInvalid;
    vectors[2 * c + 1] = usable ? mean(y, count) : std::int16_t{0};
  }
}

void check_sizes(std::span<const float> flow, std::span<const std::uint8_t> valid,
                 const FlowSize& size) {
  const auto pixels =
      static_cast<std::size_t>(std::int64_t{size.frames} * size.height * size.width);
  if (size.frames >= 0 && flow.size() == 2 * pixels && (valid.empty() || valid.size() == pixels)) {
    return;
  }
  throw std::invalid_argument("flow and valid must have " + std::to_string(size.frames) +
                              " frames of " + std::to_string(size.width) + "x" +
                              std::to_string(size.height) + " pixels");
}

MotionField empty_field(const FieldBinner& geometry, int frames) {
  MotionField field;
  field.rows = frames;
  field.cells_high = geometry.cells_high();
  field.cells_wide = geometry.cells_wide();
  field.cell = geometry.cell();
  field.width = geometry.width();
  field.height = geometry.height();
  const auto cells = static_cast<std::size_t>(field.rows * field.cells_high * field.cells_wide);
  static_cast<void>(field.vectors.extend(2 * cells));
  std::fill_n(field.coded.extend(cells), cells, std::uint8_t{1});
  field.cuts.resize(static_cast<std::size_t>(frames));
  field.row_frames.resize(static_cast<std::size_t>(frames));
  field.sample_offsets.resize(static_cast<std::size_t>(frames) + 1);
  std::iota(field.row_frames.begin(), field.row_frames.end(), std::int64_t{0});
  std::iota(field.sample_offsets.begin(), field.sample_offsets.end(), std::int64_t{0});
  return field;
}

}  // namespace

MotionField field_from_flow(std::span<const float> flow, std::span<const std::uint8_t> valid,
                            const FlowSize& size, std::optional<int> cell) {
  const FieldBinner geometry({.crop_width = size.width, .crop_height = size.height}, cell);
  check_sizes(flow, valid, size);
  MotionField field = empty_field(geometry, size.frames);
  const auto width = static_cast<std::size_t>(size.width);
  const auto height = static_cast<std::size_t>(size.height);
  const auto step = static_cast<std::size_t>(field.cell);
  const auto high = static_cast<std::size_t>(field.cells_high);
  std::vector<Sums> sums(static_cast<std::size_t>(field.cells_wide));
  for (std::size_t line = 0; line < static_cast<std::size_t>(field.rows) * high; ++line) {
    const std::size_t frame = line / high;
    const std::size_t top = line % high * step;
    const std::size_t bottom = std::min(height, top + step);
    std::ranges::fill(sums, Sums{});
    for (std::size_t y = top; y < bottom; ++y) {
      const std::size_t start = (frame * height + y) * width;
      add_line(flow.subspan(2 * start, 2 * width),
               valid.empty() ? valid : valid.subspan(start, width), field.cell, sums);
    }
    write_line(sums, size.width, static_cast<int>(bottom - top), field.cell,
               field.vectors.span(2 * line * sums.size(), 2 * sums.size()));
  }
  return field;
}

}  // namespace mgm
