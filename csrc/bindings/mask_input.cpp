#include "bindings/mask_input.hpp"

#include <memory>
#include <stdexcept>
#include <string>
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

ScoreSettings::ScoreSettings(py::handle camera, const py::object& weight, const Corners& ignore)
    : camera_(to_word<Camera>("camera", camera)), ignore_(to_boxes(ignore)) {
  if (weight.is_none()) return;
  if (!py::isinstance<py::str>(weight)) {
    weights_ = weight.cast<Weights>();
    return;
  }
  const auto word = py::cast<std::string>(weight);
  coded_ = word != "texture";
  texture_ = word != "coded";
}

Score ScoreSettings::score(const FieldView& field, const Grid& grid, const View& view,
                           const FramesView* frames) const {
  ScoreOptions options{.camera = camera_, .weight = view_of(weights_), .ignore = ignore_};
  std::vector<std::int32_t> texture;
  if (texture_ && frames != nullptr) {
    texture = token_texture(*frames, grid, view, field.width, field.height);
    options.weight = texture;
  } else if (texture_ && !coded_) {
    throw std::invalid_argument(
        R"(weight="texture" needs frames; without them "coded" is the choice)");
  } else {
    options.weight_by_coded = coded_;
  }
  return motion_score(field, grid, view, options);
}

MaskInput::MaskInput(Scores values, Scores motion, Bytes valid, Bytes cuts, py::handle crop,
                     bool hflip)
    : score_(to_score(values, motion, valid, cuts)), view_(to_view(crop, hflip)) {
  kept_ = {std::move(values), std::move(motion), std::move(valid), std::move(cuts)};
}

MaskInput::MaskInput(Vectors vectors, Bytes coded, Bytes cuts, Offsets sample_offsets,
                     Offsets row_frames, int cell, int width, int height, py::handle crop,
                     bool hflip, py::object settings, const py::object& frames)
    : row_frames_(view_of(row_frames)),
      field_(to_field(vectors, coded, cuts, sample_offsets, cell)),
      settings_(py::cast<const ScoreSettings*>(settings)),
      view_(to_view(crop, hflip)) {
  field_->width = width;
  field_->height = height;
  kept_ = {std::move(vectors),        std::move(coded),      std::move(cuts),
           std::move(sample_offsets), std::move(row_frames), std::move(settings)};
  if (frames.is_none()) return;
  auto pixels = frames.cast<Pixels>();
  frames_ = {pixels.shape(0), pixels.shape(1), pixels.shape(2), view_of(pixels)};
  kept_.push_back(std::move(pixels));
}

void MaskInput::set_boxes(const Corners& boxes, Offsets offsets) {
  boxes_ = to_boxes(boxes);
  box_offsets_ = view_of(offsets);
  kept_.push_back(std::move(offsets));
}

void MaskInput::check(Takes takes, const Grid& grid) const {
  const bool motion = score_ || field_;
  if (takes == Takes::kScore && !motion) {
    throw py::value_error("this mask needs a Clip, a MotionField or a Score");
  }
  if (takes == Takes::kField && !field_) {
    throw py::value_error("this mask needs a MotionField or a Clip");
  }
  const auto lists = static_cast<std::int64_t>(box_offsets_.size()) - 1;
  if (takes == Takes::kBoxes && lists != grid.slots) {
    throw py::value_error("boxes must be one list per slot: " + std::to_string(grid.slots) +
                          ", not " + std::to_string(lists));
  }
  if (!score_) return;
  // A score that was made for other tokens has another number of them.
  const Grid& own = score_->grid;
  if (own.slots == grid.slots && own.rows == grid.rows && own.columns == grid.columns) return;
  const auto text = [](const Grid& sides) {
    return "(" + std::to_string(sides.slots) + ", " + std::to_string(sides.rows) + ", " +
           std::to_string(sides.columns) + ")";
  };
  throw py::value_error("the score is of a grid " + text(own) + ", not " + text(grid));
}

void MaskInput::make(Takes takes, MakeMask function, MaskJob job) const {
  job.view = view_;
  if (takes == Takes::kField) {
    job.field = &*field_;
    job.row_frames = row_frames_;
  }
  if (takes == Takes::kBoxes) job.boxes = {boxes_, box_offsets_};
  if (takes == Takes::kNothing || takes == Takes::kField || (!score_ && !field_))
    return function(job);
  if (score_) {
    job.score = *score_;
    return function(job);
  }
  const Score computed = compute(job.grid);
  job.score = {computed.grid, computed.values, computed.motion, computed.valid, computed.cuts};
  function(job);
}

void MaskInput::keep_score(py::handle grid) {
  if (score_ || !field_) return;
  const Grid tokens = to_grid(grid);
  {
    GilRelease nogil;  // pure C++ on arrays that this holds
    own_score_ = compute(tokens);
  }
  score_ = {own_score_->grid, own_score_->values, own_score_->motion, own_score_->valid,
            own_score_->cuts};
}

Score MaskInput::compute(const Grid& grid) const {
  return settings_->score(*field_, grid, view_, frames_ ? &*frames_ : nullptr);
}

namespace {

template <class... Parts>
std::unique_ptr<MaskInput> make_input(
    Parts... parts) {  // NOLINT(performance-unnecessary-value-param): moved on
  return std::make_unique<MaskInput>(std::move(parts)...);
}

}  // namespace

void register_mask_input(py::module_& module) {
  py::class_<ScoreSettings>(module, "ScoreSettings")
      .def(py::init<py::handle, const py::object&, const Corners&>());
  py::class_<MaskInput>(module, "MaskInput")
      .def_static("of_score", &make_input<Scores, Scores, Bytes, Bytes, py::handle, bool>)
      .def_static("of_field", &make_input<Vectors, Bytes, Bytes, Offsets, Offsets, int, int, int,
                                          py::handle, bool, py::object, py::object>)
      .def_static("of_view", &make_input<py::handle, bool>)
      .def("keep_score", &MaskInput::keep_score)
      .def("set_boxes", &MaskInput::set_boxes);
}

}  // namespace mgm::bindings
