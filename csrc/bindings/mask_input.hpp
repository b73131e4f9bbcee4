// What a mask is made from: a score, a field with its options, boxes, or nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bindings/mask_arguments.hpp"

namespace mgm::bindings {

using Vectors = py::array_t<std::int16_t, py::array::c_style>;
using Pixels = py::array_t<std::uint8_t, py::array::c_style>;
using Corners = py::array_t<double, py::array::c_style>;

// A field's arrays as the core's view; the caller keeps them alive.
[[nodiscard]] FieldView to_field(const Vectors& vectors, const Bytes& coded, const Bytes& cuts,
                                 const Offsets& sample_offsets, int cell);

using MakeMask = void (*)(const MaskJob& job);

// How a score is made of a field: read once, for all clips.
class ScoreSettings {
 public:
  // weight: None, "coded", "texture", "auto" (texture where there are frames, else coded) or an
  // array int32 [S, R, C].
  ScoreSettings(py::handle camera, const py::object& weight, const Corners& ignore);

  // frames null: there are none.
  [[nodiscard]] Score score(const FieldView& field, const Grid& grid, const View& view,
                            const FramesView* frames) const;

 private:
  Camera camera_;
  bool coded_ = false, texture_ = false;  // both: "auto"
  Weights weights_;
  std::vector<Box> ignore_;
};

// Holds the arrays that its views look at, so that masks can be made without the GIL.
class MaskInput {
 public:
  MaskInput() = default;
  MaskInput(Scores values, Scores motion, Bytes valid, Bytes cuts, py::handle crop, bool hflip);
  // frames: uint8 [T, H, W, 3] of the whole picture, or None.
  MaskInput(Vectors vectors, Bytes coded, Bytes cuts, Offsets sample_offsets, Offsets row_frames,
            int cell, int width, int height, py::handle crop, bool hflip, py::object settings,
            const py::object& frames);
  MaskInput(py::handle crop, bool hflip) : view_(to_view(crop, hflip)) {}
  MaskInput(const MaskInput&) = delete;
  MaskInput& operator=(const MaskInput&) = delete;

  void set_boxes(const Corners& boxes, Offsets offsets);

  // ValueError where it is not what a mask on this grid takes.
  void check(Takes takes, const Grid& grid) const;
  // The job with this as what it is made from; a score is computed where a field is to give it.
  void make(Takes takes, MakeMask function, MaskJob job) const;

  // Computes a field's score here and now, for all that follows. Not from several threads.
  void keep_score(py::handle grid);

  [[nodiscard]] const View& view() const { return view_; }
  // One that was given or kept.
  [[nodiscard]] const ScoreView& score() const { return score_.value(); }
  // Of the field that was given.
  [[nodiscard]] Score compute(const Grid& grid) const;

 private:
  std::vector<py::object> kept_;
  std::span<const std::int64_t> row_frames_, box_offsets_;
  std::optional<Score> own_score_;
  std::optional<ScoreView> score_;
  std::optional<FieldView> field_;
  std::optional<FramesView> frames_;
  const ScoreSettings* settings_ = nullptr;
  std::vector<Box> boxes_;
  View view_;
};

}  // namespace mgm::bindings
