// What a mask is made from: a score, a field with its options, boxes, or nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bindings/mask_arguments.hpp"
#include "masks/rankings.hpp"

namespace mgm::bindings {

using Vectors = py::array_t<std::int16_t, py::array::c_style>;
using Pixels = py::array_t<std::uint8_t, py::array::c_style>;
using Corners = py::array_t<double, py::array::c_style>;

// A field's arrays as the core's view; the caller keeps them alive.
[[nodiscard]] FieldView to_field(const Vectors& vectors, const Bytes& coded, const Bytes& cuts,
                                 const Offsets& sample_offsets, int cell);

// Holds the arrays that its views look at, so that masks can be made without the GIL.
class MaskInput {
 public:
  MaskInput() = default;
  MaskInput(const MaskInput&) = delete;
  MaskInput& operator=(const MaskInput&) = delete;

  void set_score(Scores values, Scores motion, Bytes valid, Bytes cuts);
  // weight: None, "coded", "texture" or an array int32 [S, R, C].
  void set_field(Vectors vectors, Bytes coded, Bytes cuts, Offsets sample_offsets,
                 Offsets row_frames, int cell, int width, int height, py::handle camera,
                 py::object weight, py::object frames, const Corners& ignore);
  void set_view(py::handle crop, bool hflip);
  void set_boxes(const Corners& boxes, Offsets offsets);

  // The score, given or computed; calls use(score). Throws std::invalid_argument without motion.
  template <class Use>
  void with_score(const Grid& grid, const Use& use) const {
    if (score_) return use(*score_);
    const Score computed = compute(grid);
    use(ScoreView{computed.grid, computed.values, computed.motion, computed.valid, computed.cuts});
  }

  [[nodiscard]] const FieldView& field() const;
  [[nodiscard]] std::span<const std::int64_t> row_frames() const { return view_of(row_frames_); }
  [[nodiscard]] const View& view() const { return view_; }
  [[nodiscard]] SlotBoxes boxes() const { return {boxes_, view_of(box_offsets_)}; }
  [[nodiscard]] std::optional<Grid> score_grid() const {
    return score_ ? std::optional(score_->grid) : std::nullopt;
  }
  [[nodiscard]] bool has_motion() const { return score_ || field_; }

 private:
  [[nodiscard]] Score compute(const Grid& grid) const;

  std::vector<py::object> kept_;
  Offsets row_frames_, box_offsets_;
  Weights weights_;
  std::optional<ScoreView> score_;
  std::optional<FieldView> field_;
  std::optional<FramesView> frames_;  // only where their texture is the weight
  ScoreOptions options_;
  std::vector<Box> ignore_, boxes_;
  View view_;
};

}  // namespace mgm::bindings
