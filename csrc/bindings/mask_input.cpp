#include "bindings/mask_input.hpp"

#include <stdexcept>
#include <utility>

namespace mgm::bindings {

FieldView to_field(const Vectors& vectors, const Bytes& coded, const Bytes& cuts,
                   const Offsets& sample_offsets, int cell) {
  if (vectors.ndim() != 4 || vectors.shape(3) != 2 || coded.size() * 2 != vectors.size() ||
      cuts.size() != vectors.shape(0)) {
    throw py::value_error("vectors must be [M, R, C, 2], coded [M, R, C] and cuts [M]");
  }
  return {.rows = vectors.shape(0),
          .cells_high = vectors.shape(1),
          .cells_wide = vectors.shape(2),
          .cell = cell,
          .vectors = view_of(vectors),
          .coded = bytes_of(coded),
          .cuts = bytes_of(cuts),
          .sample_offsets = view_of(sample_offsets)};
}

void MaskInput::set_score(Scores values, Scores motion, Bytes valid, Bytes cuts) {
  score_ = to_score(values, motion, valid, cuts);
  for (py::object array : {py::object(std::move(values)), py::object(std::move(motion)),
                           py::object(std::move(valid)), py::object(std::move(cuts))}) {
    kept_.push_back(std::move(array));
  }
}

void MaskInput::set_field(Vectors vectors, Bytes coded, Bytes cuts, Offsets sample_offsets,
                          Offsets row_frames, int cell, int width, int height, py::handle camera,
                          py::object weight, py::object frames, const Corners& ignore) {
  field_ = to_field(vectors, coded, cuts, sample_offsets, cell);
  field_->width = width;
  field_->height = height;
  row_frames_ = std::move(row_frames);
  ignore_ = to_boxes(ignore);
  options_.camera = to_camera(camera);
  options_.ignore = ignore_;
  if (py::isinstance<py::str>(weight)) {
    options_.weight_by_coded = py::cast<std::string>(weight) == "coded";
    if (!options_.weight_by_coded) {
      auto pixels = frames.cast<Pixels>();
      frames_ = {pixels.shape(0), pixels.shape(1), pixels.shape(2), view_of(pixels)};
      kept_.push_back(std::move(pixels));
    }
  } else if (!weight.is_none()) {
    weights_ = weight.cast<Weights>();
    options_.weight = view_of(weights_);
  }
  for (py::object array : {py::object(std::move(vectors)), py::object(std::move(coded)),
                           py::object(std::move(cuts)), py::object(std::move(sample_offsets))}) {
    kept_.push_back(std::move(array));
  }
}

void MaskInput::set_view(py::handle crop, bool hflip) { view_ = to_view(crop, hflip); }

void MaskInput::set_boxes(const Corners& boxes, Offsets offsets) {
  boxes_ = to_boxes(boxes);
  box_offsets_ = std::move(offsets);
}

const FieldView& MaskInput::field() const {
  if (!field_) throw std::invalid_argument("this mask needs a MotionField or a Clip");
  return *field_;
}

Score MaskInput::compute(const Grid& grid) const {
  if (!field_) throw std::invalid_argument("this mask needs a Clip, a MotionField or a Score");
  ScoreOptions options = options_;
  std::vector<std::int32_t> texture;
  if (frames_) {
    texture = token_texture(*frames_, grid, view_, field_->width, field_->height);
    options.weight = texture;
  }
  return motion_score(*field_, grid, view_, options);
}

}  // namespace mgm::bindings
