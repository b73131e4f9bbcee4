#include <pybind11/stl.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/mask_rules.hpp"
#include "parallel.hpp"

namespace mgm::bindings {

namespace {

constexpr int kMostThreads = 1024;

// A score that was made for other tokens has another number of them.
void check_input(const MaskInput& input, const Grid& grid) {
  const std::optional<Grid> own = input.score_grid();
  if (!own ||
      (own->slots == grid.slots && own->rows == grid.rows && own->columns == grid.columns)) {
    return;
  }
  throw py::value_error("the score is of a grid (" + std::to_string(own->slots) + ", " +
                        std::to_string(own->rows) + ", " + std::to_string(own->columns) +
                        "), not (" + std::to_string(grid.slots) + ", " + std::to_string(grid.rows) +
                        ", " + std::to_string(grid.columns) + ")");
}

// input may be null: a mask without motion.
Bytes one_mask(const std::string& name, py::handle grid, py::dict options, const MaskInput* input,
               py::handle seed) {
  const MaskInput nothing;
  if (input == nullptr) input = &nothing;
  const Grid tokens = to_grid(grid);
  check_input(*input, tokens);
  const MaskRule rule = make_rule(name, tokens, std::move(options));
  const std::uint64_t number = to_seed(seed);
  Bytes mask = new_mask(tokens);
  const Mask bytes = bytes_of_new(mask);
  GilRelease nogil;  // pure C++ on arrays that this call and its input hold
  rule(*input, number, bytes);
  return mask;
}

Bytes many_masks(const std::string& name, py::handle grid, py::dict options,
                 const std::vector<const MaskInput*>& inputs, const py::sequence& seeds,
                 int threads) {
  const Grid tokens = to_grid(grid);
  check_grid(tokens);
  if (threads < 1 || threads > kMostThreads) {
    throw py::value_error("threads must be in [1, 1024], not " + std::to_string(threads));
  }
  const MaskRule rule = make_rule(name, tokens, std::move(options));
  std::vector<std::uint64_t> numbers;
  for (const py::handle seed : seeds) numbers.push_back(to_seed(seed, "each seed"));
  if (numbers.size() != inputs.size()) {
    throw py::value_error("seeds must be " + std::to_string(inputs.size()) +
                          ", one per clip, not " + std::to_string(numbers.size()));
  }
  for (const MaskInput* input : inputs) check_input(*input, tokens);
  const auto count = static_cast<std::int64_t>(inputs.size());
  Bytes masks({count, tokens.slots, tokens.rows, tokens.columns});
  const Mask bytes = bytes_of_new(masks);
  const auto size = static_cast<std::size_t>(tokens.slots * tokens.rows * tokens.columns);
  GilRelease nogil;  // pure C++ on arrays that this call and its inputs hold
  run_parallel(count, threads, [&](std::int64_t i) {
    const auto clip = static_cast<std::size_t>(i);
    rule(*inputs[clip], numbers[clip], bytes.subspan(clip * size, size));
  });
  return masks;
}

}  // namespace

void register_mask_batch(py::module_& module) {
  py::class_<MaskInput>(module, "MaskInput")
      .def(py::init<>())
      .def("set_score", &MaskInput::set_score)
      .def("set_field", &MaskInput::set_field)
      .def("set_view", &MaskInput::set_view)
      .def("set_boxes", &MaskInput::set_boxes);
  module.def("make_mask", &one_mask);
  module.def("batch_masks", &many_masks);
}

}  // namespace mgm::bindings
