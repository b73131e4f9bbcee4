// From coded blocks to cells: the one place where vectors become a field.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "field/block_sums.hpp"
#include "mgm.hpp"

namespace mgm {

// The displayed part of the coded picture, and how it is turned upright.
struct PictureGeometry {
  int crop_x = 0, crop_y = 0, crop_width = 0, crop_height = 0;  // coded pixels
  int rotation = 0;    // degrees clockwise: 0, 90, 180, 270
  bool hflip = false;  // mirrored after turning

  [[nodiscard]] bool transposed() const { return rotation % 180 != 0; }
  [[nodiscard]] int turned_width() const { return transposed() ? crop_height : crop_width; }
  [[nodiscard]] int turned_height() const { return transposed() ? crop_width : crop_height; }
};

// The smallest of 8, 16, 32 that gives at most 4096 cells; else 32. Sizes of the turned picture.
[[nodiscard]] int choose_cell(int width, int height);

// What a tap and the reader know of one coded frame.
struct CodedFrame {
  std::span<const MgmBlock> blocks;
  std::span<const float> distances;  // per reference: display frames, negative = past, or NaN
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

  [[nodiscard]] int cell() const { return 1 << turned_.shift; }
  [[nodiscard]] int width() const { return turned_.width; }  // of the turned picture
  [[nodiscard]] int height() const { return turned_.height; }
  [[nodiscard]] std::int64_t cells_high() const { return rows_; }
  [[nodiscard]] std::int64_t cells_wide() const { return columns_; }

  // vectors [R, C, 2] and coded [R, C] of the turned picture; returns whether the row is a scene
  // cut: an inter picture with more than half of its cells intra (at least half of their area).
  // Cuts and intra pictures are all invalid; every cell of an intra picture is coded. No blocks: an
  // invalid row, nothing coded.
  bool write_row(const CodedFrame& frame, std::span<std::int16_t> vectors,
                 std::span<std::uint8_t> coded);

 private:
  struct Turned {
    Turned(const PictureGeometry& geometry, std::optional<int> cell_size);

    bool transposed;              // x of the turned picture is y of the coded one
    bool mirrored_x, mirrored_y;  // axes of the turned picture along which the coded one runs back
    int width, height, shift;
    CellAxis coded_x, coded_y;
  };

  [[nodiscard]] std::int64_t pixels_high(std::int64_t row) const;
  [[nodiscard]] std::int64_t pixels_wide(std::int64_t column) const;
  [[nodiscard]] bool is_cut(std::span<const MgmBlock> blocks);
  template <bool upright>
  void write_cells(std::span<std::int16_t> vectors, std::span<std::uint8_t> coded);

  Turned turned_;
  BlockSums sums_;  // of the coded picture; all zero between rows
  std::int64_t rows_ = 0, columns_ = 0;
  std::int64_t first_ = 0, row_step_ = 0, column_step_ = 0;  // walk the sums as the turned picture
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
