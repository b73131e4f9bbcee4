// From Python's arguments to the core's; errors quote what was given and what is allowed.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <span>
#include <vector>

#include "bindings/mask_options.hpp"
#include "bindings/register.hpp"
#include "masks/mask_job.hpp"

namespace mgm::bindings {

using Scores = py::array_t<std::int64_t, py::array::c_style>;
using Weights = py::array_t<std::int32_t, py::array::c_style>;
using Offsets = py::array_t<std::int64_t, py::array::c_style>;
using Bytes = py::array_t<bool, py::array::c_style>;

// NumPy's bool is one byte, 0 or 1.
[[nodiscard]] inline std::span<const std::uint8_t> bytes_of(const Bytes& array) {
  return {reinterpret_cast<const std::uint8_t*>(array.data()),
          static_cast<std::size_t>(array.size())};
}

// The bytes of an array that was made here.
[[nodiscard]] inline Mask bytes_of_new(Bytes& mask) {
  return {reinterpret_cast<std::uint8_t*>(mask.mutable_data()),
          static_cast<std::size_t>(mask.size())};
}

// bool [..] that owns its bytes, read-only.
[[nodiscard]] py::array own_bytes(std::vector<std::uint8_t>&& bytes,
                                  std::vector<py::ssize_t> shape);

[[nodiscard]] std::uint64_t to_seed(py::handle value, const char* name = "seed");
[[nodiscard]] Grid to_grid(py::handle value);
[[nodiscard]] View to_view(py::handle crop, bool hflip);
[[nodiscard]] std::vector<Box> to_boxes(const py::array_t<double, py::array::c_style>& boxes);

// A score's arrays as the core's view; the caller keeps them alive.
[[nodiscard]] ScoreView to_score(const Scores& values, const Scores& motion, const Bytes& valid,
                                 const Bytes& cuts);

}  // namespace mgm::bindings
