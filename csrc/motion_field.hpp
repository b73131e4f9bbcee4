// From coded blocks to cells: the one place where vectors become a field.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mgm.hpp"

struct MgmBlock;

namespace mgm {

// The displayed part of the coded picture, and how it is turned upright.
struct PictureGeometry {
  int crop_x = 0, crop_y = 0, crop_width = 0, crop_height = 0;  // coded pixels
  int rotation = 0;    // degrees clockwise: 0, 90, 180, 270
  bool hflip = false;  // mirrored after turning
};

// The smallest of 8, 16, 32 that gives at most 4096 cells; else 32. Sizes of the turned picture.
[[nodiscard]] int choose_cell(int width, int height);

// What a tap and the reader know of one coded frame.
struct CodedFrame {
  std::span<const MgmBlock> blocks;
  std::span<const float>
      distances;  // per reference index: display frames, negative = past, NaN unknown
  int motion_scale = 1;
  char picture_type = 'P';  // "I", "i" (SI) and "b" (BI) are intra pictures
};

// Writes one row of a MotionField per coded frame. Owns the sums of one row and nothing else; a row
// depends on its frame only. No allocation after construction.
//
// A vector's velocity is rint(motion * 64 / (motion_scale * distance)), ties to even, clamped to
// +-32767; a block's is the exact mean of its usable ones, in 1/128. A cell's is the mean of the
// blocks, weighted by the pixels that they cover of it (field blocks: half of them), rounded once,
// ties to even. All sums are exact integers.
class FieldBinner {
 public:
  // cell: 8, 16, 32 or nullopt for choose_cell. Throws std::invalid_argument on another cell,
  // rotation or empty crop.
  FieldBinner(const PictureGeometry& geometry, std::optional<int> cell);

  [[nodiscard]] int cell() const { return 1 << shift_; }
  [[nodiscard]] int width() const { return width_; }  // of the turned picture
  [[nodiscard]] int height() const { return height_; }
  [[nodiscard]] std::int64_t cells_high() const { return rows_; }
  [[nodiscard]] std::int64_t cells_wide() const { return columns_; }

  // vectors [R, C, 2] and coded [R, C] of the turned picture; returns whether the row is a scene
  // cut: an inter picture with more than half of its cells intra (at least half of their area).
  // Cuts and intra pictures are all invalid; every cell of an intra picture is coded. No blocks: an
  // invalid row, nothing coded.
  bool write_row(const CodedFrame& frame, std::span<std::int16_t> vectors,
                 std::span<std::uint8_t> coded);

 private:
  // Exact integers in doubles: at most 2^27 per block and cell, 2^53 before a bit is lost.
  using Pair = double __attribute__((vector_size(16)));

  struct Sums {
    Pair motion;          // 1/128 pixel per frame times half pixels of area
    std::uint64_t areas;  // half pixels: valid, coded, intra in kAreaBits each
  };
  // One axis of the coded picture. Cells are those of the turned picture, so where the axis is
  // mirrored the partial cell comes first and the displayed part starts at low.
  struct Axis {
    int offset = 0, low = 0, high = 0, cells = 0;
  };

  [[nodiscard]] static Axis make_axis(int start, int length, bool mirrored, int cell);
  [[nodiscard]] Pair velocity(const MgmBlock& block) const;
  void add_block(const MgmBlock& block, const MgmBlock* second);
  void set_divisors(const CodedFrame& frame);
  [[nodiscard]] std::int64_t write_cells(std::span<std::int16_t> vectors,
                                         std::span<std::uint8_t> coded);

  int shift_ = 0, width_ = 0, height_ = 0;
  std::int64_t rows_ = 0, columns_ = 0;
  Axis x_, y_;  // of the coded picture
  std::int64_t first_ = 0, row_step_ = 0,
               column_step_ = 0;  // walk sums_ in the order of the turned picture
  bool transposed_ = false;
  Pair signs_{};
  std::array<double, 256>
      divisors_{};          // per reference: motion / divisor is the velocity; 0: unusable
  std::vector<Sums> sums_;  // of the coded picture; all zero between rows
};

struct FlowSize {
  int frames = 0, height = 0, width = 0;
};

// Cell means of a dense flow [M, H, W, 2], content motion in pixels per frame. Pixels that are not
// finite, or where valid ([M, H, W], or empty) is 0, do not count; the others are rounded to 2^-16
// and clamped to the field's range; sums are exact. One row per frame, every cell coded, no cuts;
// row_frames and sample_offsets count 0, 1, 2... Throws std::invalid_argument on sizes that do not
// fit and on what FieldBinner refuses.
[[nodiscard]] MotionField field_from_flow(std::span<const float> flow,
                                          std::span<const std::uint8_t> valid, const FlowSize& size,
                                          std::optional<int> cell);

}  // namespace mgm
