#include "score/score.hpp"

#include "bindings/mask_input.hpp"
#include "masks/rankings.hpp"

namespace mgm::bindings {

namespace {

py::tuple score_of_field(const MaskInput& field, py::handle grid) {
  const Grid tokens = to_grid(grid);
  Score score;
  {
    GilRelease nogil;  // pure C++ on arrays that the input holds
    score = field.compute(tokens);
  }
  const std::vector<py::ssize_t> shape{tokens.slots, tokens.rows, tokens.columns};
  return py::make_tuple(own(std::move(score.values), shape), own(std::move(score.motion), shape),
                        own_bytes(std::move(score.valid), shape),
                        own_bytes(std::move(score.cuts), {tokens.slots}));
}

py::array share_of_field(const Vectors& vectors, const Bytes& coded, const Bytes& cuts,
                         const Offsets& sample_offsets, int cell, py::handle grid, py::handle crop,
                         bool hflip) {
  const FieldView field = to_field(vectors, coded, cuts, sample_offsets, cell);
  const Grid tokens = to_grid(grid);
  return own(coded_share(field, tokens, to_view(crop, hflip)),
             {tokens.slots, tokens.rows, tokens.columns});
}

py::array texture_of_frames(const py::array_t<std::uint8_t, py::array::c_style>& frames,
                            py::handle grid, py::handle crop, bool hflip, int width, int height) {
  const Grid tokens = to_grid(grid);
  const View view = to_view(crop, hflip);
  const FramesView pixels{frames.shape(0), frames.shape(1), frames.shape(2), view_of(frames)};
  std::vector<std::int32_t> weights;
  {
    GilRelease nogil;  // pure C++ on an array that the caller holds
    weights = token_texture(pixels, tokens, view, width, height);
  }
  return own(std::move(weights), {tokens.slots, tokens.rows, tokens.columns});
}

py::array_t<float> noise(const Scores& values, const Scores& motion, const Bytes& valid,
                         const Bytes& cuts, double strength, py::handle seed) {
  const ScoreView score = to_score(values, motion, valid, cuts);
  py::array_t<float> result({score.grid.slots, score.grid.rows, score.grid.columns});
  const std::span<float> units{result.mutable_data(), static_cast<std::size_t>(result.size())};
  noise_from_score(score, strength, to_seed(seed), units);
  return result;
}

py::array_t<std::uint8_t> states(const Scores& values, const Scores& motion, const Bytes& valid,
                                 const Bytes& cuts, std::int64_t keep, std::int64_t visible,
                                 py::handle seed) {
  const ScoreView score = to_score(values, motion, valid, cuts);
  py::array_t<std::uint8_t> result({score.grid.slots, score.grid.rows, score.grid.columns});
  const std::span<std::uint8_t> tokens{result.mutable_data(),
                                       static_cast<std::size_t>(result.size())};
  split_states(score, keep, visible, to_seed(seed), tokens);
  return result;
}

}  // namespace

void register_score(py::module_& module) {
  module.def("motion_score", &score_of_field);
  module.def("coded_share", &share_of_field);
  module.def("token_texture", &texture_of_frames);
  module.def("noise_from_score", &noise);
  module.def("split_states", &states);
}

}  // namespace mgm::bindings
