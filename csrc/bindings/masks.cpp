#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "batch/batch_masks.hpp"
#include "bindings/batch_arguments.hpp"
#include "bindings/mask_input.hpp"
#include "bindings/mask_options.hpp"
#include "masks/boxes.hpp"
#include "parallel.hpp"

namespace mgm::bindings {

namespace {

constexpr int kMostThreads = 1024;

// A mask on a grid with its options read.
class BoundMask {
 public:
  // options: kept for its groups.
  BoundMask(const RuleFace& face, MakeMask function, py::handle grid, py::dict options)
      : takes_(face.rule().takes),
        function_(function),
        grid_(to_grid(grid)),
        given_(std::move(options)) {
    check_grid(grid_);
    options_ = face.parse(grid_, given_);
  }

  // given: a MaskInput, or None. As a pointer pybind11 would look for None in other modules, which
  // takes longer than a small mask.
  [[nodiscard]] Bytes make(py::handle given, py::handle seed) const {
    const MaskInput nothing;
    const MaskInput& input = given.is_none() ? nothing : py::cast<const MaskInput&>(given);
    input.check(takes_, grid_);
    Bytes mask({grid_.slots, grid_.rows, grid_.columns});
    const MaskJob job{
        .grid = grid_, .options = options_, .seed = to_seed(seed), .mask = bytes_of_new(mask)};
    GilRelease nogil;  // pure C++ on arrays that this call and its input hold
    input.make(takes_, function_, job);
    return mask;
  }

  [[nodiscard]] Bytes make_many(std::vector<const MaskInput*> inputs, const py::sequence& seeds,
                                int threads) const {
    if (threads < 1 || threads > kMostThreads) {
      throw py::value_error("threads must be in [1, 1024], not " + std::to_string(threads));
    }
    std::vector<std::uint64_t> numbers;
    for (const py::handle seed : seeds) numbers.push_back(to_seed(seed, "each seed"));
    if (numbers.size() != inputs.size()) {
      throw py::value_error("seeds must be " + std::to_string(inputs.size()) +
                            ", one per clip, not " + std::to_string(numbers.size()));
    }
    const MaskInput nothing;
    std::ranges::replace(inputs, static_cast<const MaskInput*>(nullptr), &nothing);
    for (const MaskInput* input : inputs) input->check(takes_, grid_);
    const auto count = static_cast<std::int64_t>(inputs.size());
    Bytes masks({count, grid_.slots, grid_.rows, grid_.columns});
    const Mask bytes = bytes_of_new(masks);
    const auto size = static_cast<std::size_t>(grid_.tokens());
    GilRelease nogil;  // pure C++ on arrays that this call and its inputs hold
    run_parallel(count, threads, [&](std::int64_t i) {
      const auto clip = static_cast<std::size_t>(i);
      inputs[clip]->make(takes_, function_,
                         {.grid = grid_,
                          .options = options_,
                          .seed = numbers[clip],
                          .mask = bytes.subspan(clip * size, size)});
    });
    return masks;
  }

 private:
  Takes takes_;
  MakeMask function_;
  Grid grid_;
  MaskOptions options_;
  py::dict given_;
};

// An entry of the table, as Python has it.
struct CoreRule {
  RuleFace face;
  MakeMask make;

  [[nodiscard]] BoundMask bind(py::handle grid, py::dict options) const {
    return {face, make, grid, std::move(options)};
  }
  void batch(const py::dict& given, const py::dict& options, int threads) const {
    const MaskBatch batch = mask_batch_of(given);
    const MaskOptions numbers = face.parse(batch.grid, options);
    const GilRelease nogil;  // pure C++ on memory that the caller's tensors hold
    mask_batch(batch, numbers, face.rule().takes, make, threads);
  }
};

template <class... Mask>
std::vector<CoreRule> rules_of(const std::tuple<Mask...>* /*table*/) {
  return {{RuleFace(rule_of<Mask>()), &Mask::make}...};
}

}  // namespace

void register_masks(py::module_& module) {
  py::class_<BoundMask>(module, "BoundMask")
      .def("make", &BoundMask::make)
      .def("make_many", &BoundMask::make_many);
  py::class_<CoreRule>(module, "MaskRule")
      .def_property_readonly("name", [](const CoreRule& rule) { return rule.face.rule().name; })
      .def_property_readonly("takes",
                             [](const CoreRule& rule) { return word_of(rule.face.rule().takes); })
      .def_property_readonly(
          "scope", [](const CoreRule& rule) { return enum_text(rule.face.rule().defaults.scope); })
      .def_property_readonly("options", [](const CoreRule& rule) { return rule.face.options(); })
      .def("bind", &CoreRule::bind)
      .def("batch", &CoreRule::batch);
  py::dict rules, functions;
  for (CoreRule& rule : rules_of(static_cast<const Masks*>(nullptr))) {
    const char* name = rule.face.rule().name;
    functions[name] = py::cpp_function(
        [rule](py::handle grid, py::handle given, py::handle seed, const py::kwargs& options) {
          return rule.bind(grid, options).make(given, seed);
        });
    rules[name] = py::cast(std::move(rule));
  }
  module.attr("mask_rules") = rules;
  module.attr("masks") = functions;
  const auto guided = std::make_shared<RuleFace>(rule_of<GuidedMask>());
  module.def("motion_boxes", [guided](const MaskInput& input, int width, int height,
                                      py::handle seed, const py::kwargs& given) {
    const ScoreView& score = input.score();
    const MaskOptions options = guided->parse(score.grid, given);
    const std::uint64_t number = to_seed(seed);
    const BoxSize size = mask_box_size(score.grid, options, number);
    const std::vector<float> corners =
        boxes_in_source(motion_centres(score, size, options, number), score.grid, size,
                        input.view(), width, height);
    return py::array_t<float>({score.grid.slots, std::int64_t{4}}, corners.data());
  });
  module.def("slot_sources", [guided](const MaskInput& input, const py::kwargs& given) {
    const ScoreView& score = input.score();
    const std::vector<SlotSource> sources = slot_sources(score, guided->parse(score.grid, given));
    return py::array_t<std::uint8_t>(score.grid.slots,
                                     reinterpret_cast<const std::uint8_t*>(sources.data()));
  });
}

}  // namespace mgm::bindings
