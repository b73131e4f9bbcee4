#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "bindings/gil.hpp"
#include "column.hpp"

namespace py = pybind11;

namespace mgm::bindings {

void register_batch(py::module_& module);
void register_block_costs(py::module_& module);
void register_build_info(py::module_& module);
void register_decode(py::module_& module);
void register_frame_walk(py::module_& module);
void register_motion_field(py::module_& module);
void register_mask_input(py::module_& module);
void register_masks(py::module_& module);
void register_philox(py::module_& module);
void register_score(py::module_& module);
void register_reader(py::module_& module);
void register_testing(py::module_& module);

// Parts of _core._testing.
void register_binner(py::module_& testing);
void register_frame_policy(py::module_& testing);
void register_inspect(py::module_& testing);
void register_numbers(py::module_& testing);

// A read-only array over a vector or column that the array itself keeps alive; no copy.
template <class T, class Values>
[[nodiscard]] py::array_t<T> own_values(Values values, std::vector<py::ssize_t> shape) {
  auto owner = std::make_unique<Values>(std::move(values));
  const T* data = owner->data();
  py::capsule base(owner.get(), [](void* pointer) { delete static_cast<Values*>(pointer); });
  static_cast<void>(owner.release());  // the capsule's
  py::array_t<T> array(std::move(shape), data, base);
  array.attr("flags").attr("writeable") = false;
  return array;
}

template <class T>
[[nodiscard]] py::array_t<T> own(std::vector<T>&& values, std::vector<py::ssize_t> shape) {
  return own_values<T>(std::move(values), std::move(shape));
}

template <class T>
[[nodiscard]] py::array_t<T> own(Column<T>&& values, std::vector<py::ssize_t> shape) {
  return own_values<T>(std::move(values), std::move(shape));
}

template <class T>
[[nodiscard]] py::array_t<T> own(Column<T>&& values) {
  const auto size = static_cast<py::ssize_t>(values.size());
  return own(std::move(values), {size});
}

template <class T>
[[nodiscard]] py::array_t<T> own(std::vector<T>&& values) {
  const auto size = static_cast<py::ssize_t>(values.size());
  return own(std::move(values), {size});
}

// A view on a C-contiguous array; the caller keeps the array alive.
template <class T>
[[nodiscard]] std::span<const T> view_of(const py::array_t<T, py::array::c_style>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

}  // namespace mgm::bindings
