#include "bindings/mask_arguments.hpp"
#include "masks/box_masks.hpp"
#include "masks/select_tokens.hpp"

namespace mgm::bindings {

namespace {

using py::handle;

BoxMaskOptions box_options(double mask_ratio, handle num_masked, handle count, handle aspect,
                           double step, handle seed) {
  return {.count = to_count(mask_ratio, num_masked, count),
          .aspect = to_aspect(aspect),
          .centre = {.step = step, .seed = to_seed(seed)}};
}

Bytes guided(const Scores& values, const Scores& motion, const Bytes& valid, const Bytes& cuts,
             double mask_ratio, handle num_masked, handle count, handle aspect, handle fit,
             handle peak, handle first, double still, double step, handle seed) {
  const ScoreView score = to_score(values, motion, valid, cuts);
  BoxMaskOptions options = box_options(mask_ratio, num_masked, count, aspect, step, seed);
  options.fit = to_fit(fit);
  options.centre.peak = to_peak(peak);
  options.centre.first = to_first(first);
  options.centre.still = still;
  Bytes mask = new_mask(score.grid);
  const Mask bytes = bytes_of_new(mask);
  GilRelease nogil;  // pure C++ on arrays that this call and its caller hold
  motion_guided_mask(score, options, bytes);
  return mask;
}

py::array_t<float> boxes_of_score(const Scores& values, const Scores& motion, const Bytes& valid,
                                  const Bytes& cuts, handle crop, bool hflip, int width, int height,
                                  double mask_ratio, handle aspect, handle peak, handle first,
                                  double still, double step, handle seed) {
  const ScoreView score = to_score(values, motion, valid, cuts);
  const View view = to_view(crop, hflip);
  BoxMaskOptions options =
      box_options(mask_ratio, py::none(), py::str("floor_masked"), aspect, step, seed);
  options.centre.peak = to_peak(peak);
  options.centre.first = to_first(first);
  options.centre.still = still;
  const BoxSize size = mask_box_size(score.grid, options);
  const std::vector<Centre> centres = motion_centres(score, size, options.centre);
  const std::vector<float> corners =
      boxes_in_source(centres, score.grid, size, view, width, height);
  return py::array_t<float>({score.grid.slots, std::int64_t{4}}, corners.data());
}

using BoxMask = void (*)(const Grid&, const BoxMaskOptions&, Mask);

template <BoxMask make>
Bytes box_mask(handle grid, double mask_ratio, handle num_masked, handle count, handle aspect,
               double step, handle seed) {
  const Grid tokens = to_grid(grid);
  const BoxMaskOptions options = box_options(mask_ratio, num_masked, count, aspect, step, seed);
  Bytes mask = new_mask(tokens);
  const Mask bytes = bytes_of_new(mask);
  GilRelease nogil;  // pure C++ on the new array
  make(tokens, options, bytes);
  return mask;
}

Bytes random(handle grid, handle scope, handle groups, double mask_ratio, handle num_masked,
             handle count, handle seed) {
  const Grid tokens = to_grid(grid);
  Offsets ids;
  Choice choice{.scope = to_scope(scope),
                .groups = {},
                .count = to_count(mask_ratio, num_masked, count),
                .seed = to_seed(seed)};
  if (!groups.is_none()) {
    ids = py::cast<Offsets>(groups);
    choice.groups = view_of(ids);
  }
  Bytes mask = new_mask(tokens);
  const Mask bytes = bytes_of_new(mask);
  GilRelease nogil;  // pure C++ on the new array
  select_tokens(tokens, choice, {}, bytes);
  return mask;
}

}  // namespace

void register_masks(py::module_& module) {
  module.def("motion_guided_mask", &guided);
  module.def("motion_boxes", &boxes_of_score);
  module.def("simulated_motion_mask", &box_mask<simulated_motion_mask>);
  module.def("fixed_box_mask", &box_mask<fixed_box_mask>);
  module.def("jumping_box_mask", &box_mask<jumping_box_mask>);
  module.def("random_mask", &random);
}

}  // namespace mgm::bindings
