#pragma once

#include <optional>
#include <utility>

#include "decode/display_order.hpp"
#include "decode/result_limits.hpp"
#include "field/motion_field.hpp"
#include "mgm.hpp"

namespace mgm {

// Fills the rows of a MotionField from shown frames. The picture of the file's first frame fixes
// size and cell.
class FieldWriter {
 public:
  // rotation and hflip from the stream's header; cell as in FieldBinner.
  FieldWriter(int rotation, bool hflip, std::optional<int> cell, ResultLimits limits)
      : rotation_(rotation), hflip_(hflip), cell_(cell), limits_(std::move(limits)) {}

  // Rows that were set before anything is written; the others stay invalid.
  void resize(std::int64_t rows) { rows_ = rows; }
  // Fixes size and cell, once, before anything is written.
  void start(const PictureGeometry& picture);
  // One more row, filled from a frame; of a lost one invalid.
  void append(const ShownFrame& shown);
  // Row i of those set by resize. A frame of another size than the first gives an invalid row.
  void write(std::int64_t row, const ShownFrame& shown);
  void copy(std::int64_t from, std::int64_t to);
  // The arrays so far; row_frames and sample_offsets are the caller's to fill.
  [[nodiscard]] MotionField take();

 private:
  // Throws DecodeError beyond the limits.
  void allocate();
  [[nodiscard]] std::size_t cells() const;
  // Whether the frame had a row to give.
  bool fill(std::int64_t row, const ShownFrame& shown);
  // Makes the rows set by resize, all invalid.
  void prepare();
  // Makes rows [from, to) invalid.
  void invalidate(std::int64_t from, std::int64_t to);

  int rotation_;
  bool hflip_;
  std::optional<int> cell_;
  ResultLimits limits_;
  std::optional<FieldBinner> binner_;
  PictureGeometry geometry_;
  std::int64_t rows_ = 0;
  MotionField field_;
};

// The displayed part of a frame whose cropping was not applied.
[[nodiscard]] PictureGeometry geometry_of(const AVFrame& frame, int rotation, bool hflip);

}  // namespace mgm
