#include "bindings/mask_arguments.hpp"

#include <array>
#include <memory>
#include <stdexcept>

namespace mgm::bindings {

namespace {

bool is_integer(py::handle value) {
  return PyIndex_Check(value.ptr()) != 0 && PyBool_Check(value.ptr()) == 0;
}

py::object integer(py::handle value, const char* name, const char* allowed) {
  if (!is_integer(value)) throw_not(name, allowed, value);
  return py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
}

// Out of range: -1 or a huge number, which every caller rejects or clamps.
std::int64_t to_int64(const py::object& number) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow > 0) return std::int64_t{1} << 62;
  return overflow < 0 ? -1 : value;
}

}  // namespace

py::array own_bytes(std::vector<std::uint8_t>&& bytes, std::vector<py::ssize_t> shape) {
  auto owner = std::make_unique<std::vector<std::uint8_t>>(std::move(bytes));
  const auto* data = reinterpret_cast<const bool*>(owner->data());
  py::capsule base(owner.get(),
                   [](void* pointer) { delete static_cast<std::vector<std::uint8_t>*>(pointer); });
  static_cast<void>(owner.release());  // the capsule's
  py::array_t<bool> array(std::move(shape), data, base);
  array.attr("flags").attr("writeable") = false;
  return array;
}

std::uint64_t to_seed(py::handle value, const char* name) {
  const char* allowed = "an integer in [0, 2^64)";
  const py::object number = integer(value, name, allowed);
  const unsigned long long seed = PyLong_AsUnsignedLongLong(number.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    throw_not(name, allowed, value);
  }
  return seed;
}

Grid to_grid(py::handle value) {
  const char* allowed = "three integers (S, R, C)";
  if (!py::isinstance<py::sequence>(value) || py::isinstance<py::str>(value) ||
      PySequence_Size(value.ptr()) != 3) {
    PyErr_Clear();
    throw_not("grid", allowed, value);
  }
  const auto sides = py::reinterpret_steal<py::object>(PySequence_Tuple(value.ptr()));
  if (!sides) throw py::error_already_set();
  std::array<std::int64_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const py::handle side = PyTuple_GET_ITEM(sides.ptr(), static_cast<Py_ssize_t>(i));
    if (!is_integer(side)) throw_not("grid", allowed, value);
    numbers[i] = to_int64(py::reinterpret_steal<py::object>(PyNumber_Index(side.ptr())));
  }
  return {numbers[0], numbers[1], numbers[2]};
}

View to_view(py::handle crop, bool hflip) {
  const auto [x, y, w, h] = py::cast<std::tuple<double, double, double, double>>(crop);
  return {.x = x, .y = y, .w = w, .h = h, .hflip = hflip ? 1.0 : 0.0};
}

std::vector<Box> to_boxes(const py::array_t<double, py::array::c_style>& boxes) {
  const std::span<const double> corners = view_of(boxes);
  std::vector<Box> result;
  for (std::size_t i = 0; i + 3 < corners.size(); i += 4) {
    result.push_back({corners[i], corners[i + 1], corners[i + 2], corners[i + 3]});
  }
  return result;
}

ScoreView to_score(const Scores& values, const Scores& motion, const Bytes& valid,
                   const Bytes& cuts) {
  if (values.ndim() != 3 || motion.size() != values.size() || valid.size() != values.size() ||
      cuts.size() != values.shape(0)) {
    throw py::value_error("values, motion and valid must be [S, R, C], and cuts [S]");
  }
  return {.grid = {values.shape(0), values.shape(1), values.shape(2)},
          .values = view_of(values),
          .motion = view_of(motion),
          .valid = bytes_of(valid),
          .cuts = bytes_of(cuts)};
}

}  // namespace mgm::bindings
