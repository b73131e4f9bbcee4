// From Python's arguments to the core's options; errors quote what was given and what is allowed.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/register.hpp"
#include "masks/box_masks.hpp"

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

// A writeable mask [S, R, C] and its bytes.
[[nodiscard]] Bytes new_mask(const Grid& grid);
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
[[nodiscard]] Count to_count(double mask_ratio, py::handle num_masked, py::handle rule);
// A number or (low, high).
[[nodiscard]] Aspect to_range(py::handle value, const char* name);
[[nodiscard]] inline Aspect to_aspect(py::handle value) { return to_range(value, "aspect"); }
// Clamped to +-2^62.
[[nodiscard]] std::int64_t to_count_of(py::handle value, const char* name);
[[nodiscard]] std::vector<Box> to_boxes(const py::array_t<double, py::array::c_style>& boxes);

[[noreturn]] void throw_choice(const char* name, std::string_view allowed, py::handle given);

template <class Enum, std::size_t N>
[[nodiscard]] Enum to_choice(const char* name,
                             const std::array<std::pair<std::string_view, Enum>, N>& choices,
                             py::handle given) {
  std::string allowed;
  if (PyUnicode_Check(given.ptr()) != 0) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(given.ptr(), &size);
    if (text == nullptr) throw py::error_already_set();
    for (const auto& [word, choice] : choices) {
      if (word == std::string_view(text, static_cast<std::size_t>(size))) return choice;
    }
  }
  for (const auto& [word, choice] : choices) {
    allowed.append(allowed.empty() ? "'" : ", '").append(word).append("'");
  }
  throw_choice(name, allowed, given);
}

[[nodiscard]] Camera to_camera(py::handle value);
[[nodiscard]] Peak to_peak(py::handle value);
[[nodiscard]] First to_first(py::handle value);
[[nodiscard]] Fit to_fit(py::handle value);
[[nodiscard]] Scope to_scope(py::handle value);

// A score's arrays as the core's view; the caller keeps them alive.
[[nodiscard]] ScoreView to_score(const Scores& values, const Scores& motion, const Bytes& valid,
                                 const Bytes& cuts);

}  // namespace mgm::bindings
