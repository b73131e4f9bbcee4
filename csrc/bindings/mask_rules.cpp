#include "bindings/mask_rules.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "masks/patterns.hpp"
#include "masks/select_tokens.hpp"
#include "masks/tracked.hpp"

namespace mgm::bindings {

namespace {

Count count_of(const py::dict& options) {
  return to_count(py::cast<double>(options["mask_ratio"]), options["num_masked"], options["count"]);
}

Choice choice_of(const py::dict& options, Scope scope) {
  return {.scope = scope, .groups = {}, .count = count_of(options)};
}

Choice scoped_choice(const py::dict& options) {
  return choice_of(options, to_scope(options["scope"]));
}

// Group ids that outlive the call; null without groups.
std::shared_ptr<Offsets> groups_of(const py::dict& options) {
  if (!options.contains("groups") || options["groups"].is_none()) return nullptr;
  return std::make_shared<Offsets>(py::cast<Offsets>(options["groups"]));
}

BoxMaskOptions box_of(const py::dict& options) {
  BoxMaskOptions result;
  result.count = count_of(options);
  result.aspect = to_aspect(options["aspect"]);
  if (options.contains("step")) result.centre.step = py::cast<double>(options["step"]);
  if (!options.contains("fit")) return result;
  result.fit = to_fit(options["fit"]);
  result.centre.peak = to_peak(options["peak"]);
  result.centre.first = to_first(options["first"]);
  result.centre.still = py::cast<double>(options["still"]);
  return result;
}

using BoxMask = void (*)(const Grid&, const BoxMaskOptions&, Mask);
using ScoreBoxMask = void (*)(const ScoreView&, const BoxMaskOptions&, Mask);

MaskRule box_rule(BoxMask make, const Grid& grid, const py::dict& options) {
  return [=, box = box_of(options)](const MaskInput&, std::uint64_t seed, Mask mask) {
    BoxMaskOptions own = box;
    own.centre.seed = seed;
    make(grid, own, mask);
  };
}

MaskRule score_box_rule(ScoreBoxMask make, const Grid& grid, const py::dict& options) {
  return [=, box = box_of(options)](const MaskInput& input, std::uint64_t seed, Mask mask) {
    BoxMaskOptions own = box;
    own.centre.seed = seed;
    input.with_score(grid, [&](const ScoreView& score) { make(score, own, mask); });
  };
}

// make(input, choice, mask), where the choice carries the seed and the groups.
template <class Make>
MaskRule choice_rule(Choice choice, std::shared_ptr<Offsets> groups, Make make) {
  if (groups) choice.groups = view_of(*groups);
  return [choice, groups = std::move(groups), make = std::move(make)](
             const MaskInput& input, std::uint64_t seed, Mask mask) {
    Choice own = choice;
    own.seed = seed;
    make(input, own, mask);
  };
}

MaskRule random_rule(Scope scope, const Grid& grid, const py::dict& options) {
  return choice_rule(choice_of(options, scope), groups_of(options),
                     [grid](const MaskInput&, const Choice& choice, Mask mask) {
                       select_tokens(grid, choice, {}, mask);
                     });
}

MaskRule running_cell_rule(const Grid& grid, const py::dict& options) {
  const int masked = py::cast<int>(options["cell_masked"]);
  return choice_rule(choice_of(options, Scope::kSlot), nullptr,
                     [grid, masked](const MaskInput&, const Choice& choice, Mask mask) {
                       running_cell_mask(grid, masked, choice, mask);
                     });
}

MaskRule block_rule(const Grid& grid, const py::dict& options) {
  const auto range = [&](const char* name) {
    const Aspect ends = to_range(options[name], name);
    return Range{ends.low, ends.high};
  };
  const BlockOptions blocks{.num_blocks = to_count_of(options["num_blocks"], "num_blocks"),
                            .scale = range("scale"),
                            .aspect = to_aspect(options["aspect"]),
                            .span = range("span")};
  return choice_rule(choice_of(options, Scope::kClip), groups_of(options),
                     [grid, blocks](const MaskInput&, const Choice& choice, Mask mask) {
                       block_mask(grid, blocks, choice, mask);
                     });
}

MaskRule topk_rule(const Grid& grid, const py::dict& options) {
  if (!options["visible_from_motion"].is_none()) {
    const double share = py::cast<double>(options["visible_from_motion"]);
    return choice_rule(choice_of(options, Scope::kTube), nullptr,
                       [grid, share](const MaskInput& input, const Choice& choice, Mask mask) {
                         input.with_score(grid, [&](const ScoreView& score) {
                           motion_halves_mask(score, share, choice, mask);
                         });
                       });
  }
  const double temperature = py::cast<double>(options["temperature"]);
  return choice_rule(scoped_choice(options), groups_of(options),
                     [grid, temperature](const MaskInput& input, const Choice& choice, Mask mask) {
                       input.with_score(grid, [&](const ScoreView& score) {
                         motion_topk_mask(score, temperature, choice, mask);
                       });
                     });
}

MaskRule boxes_rule(const Grid& grid, const py::dict& options) {
  return choice_rule(scoped_choice(options), groups_of(options),
                     [grid](const MaskInput& input, const Choice& choice, Mask mask) {
                       const auto make = [&](std::span<const std::int64_t> motion) {
                         boxes_mask(grid, input.boxes(), input.view(), motion, choice, mask);
                       };
                       if (!input.has_motion()) return make({});
                       input.with_score(grid, [&](const ScoreView& score) { make(score.values); });
                     });
}

MaskRule tracked_rule(const Grid& grid, const py::dict& options) {
  const TrackOptions track{.count = count_of(options), .sigma = py::cast<double>(options["sigma"])};
  return [=](const MaskInput& input, std::uint64_t seed, Mask mask) {
    TrackOptions own = track;
    own.seed = seed;
    tracked_mask(input.field(), input.row_frames(), grid, input.view(), own, mask);
  };
}

}  // namespace

MaskRule make_rule(const std::string& name, const Grid& grid, py::dict options) {
  if (name == "motion_guided") return score_box_rule(motion_guided_mask, grid, options);
  if (name == "inverse_motion") return score_box_rule(inverse_motion_mask, grid, options);
  if (name == "simulated_motion") return box_rule(simulated_motion_mask, grid, options);
  if (name == "fixed_box") return box_rule(fixed_box_mask, grid, options);
  if (name == "jumping_box") return box_rule(jumping_box_mask, grid, options);
  if (name == "random") return random_rule(Scope::kClip, grid, options);
  if (name == "frame_random") return random_rule(Scope::kSlot, grid, options);
  if (name == "tube") return random_rule(Scope::kTube, grid, options);
  if (name == "running_cell") return running_cell_rule(grid, options);
  if (name == "block") return block_rule(grid, options);
  if (name == "motion_topk") return topk_rule(grid, options);
  if (name == "boxes") return boxes_rule(grid, options);
  if (name == "tracked") return tracked_rule(grid, options);
  throw py::value_error("there is no mask named '" + name + "'");
}

}  // namespace mgm::bindings
