// A mask by name, with its options bound: one call then makes one mask.
#pragma once

#include <cstdint>
#include <functional>

#include "bindings/mask_input.hpp"

namespace mgm::bindings {

// Runs without the GIL.
using MaskRule = std::function<void(const MaskInput& input, std::uint64_t seed, Mask mask)>;

// options: the keyword arguments of the Python function of that name, but for grid, seed and what a
// MaskInput holds. Throws KeyError for an option that is missing.
[[nodiscard]] MaskRule make_rule(const std::string& name, const Grid& grid, py::dict options);

}  // namespace mgm::bindings
