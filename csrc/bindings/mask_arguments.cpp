#include "bindings/mask_arguments.hpp"

#include <memory>
#include <stdexcept>

namespace mgm::bindings {

namespace {

std::string text_of(py::handle value) { return py::cast<std::string>(py::repr(value)); }

bool is_integer(py::handle value) {
  return PyIndex_Check(value.ptr()) != 0 && PyBool_Check(value.ptr()) == 0;
}

py::object integer(py::handle value, const char* name, const char* allowed) {
  if (!is_integer(value)) throw_choice(name, allowed, value);
  return py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
}

// Out of range: -1 or a huge number, which every caller rejects or clamps.
std::int64_t to_int64(const py::object& number) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow > 0) return std::int64_t{1} << 62;
  return overflow < 0 ? -1 : value;
}

double to_number(py::handle value, const char* name, const char* allowed) {
  const double number = PyFloat_AsDouble(value.ptr());
  if (number == -1.0 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    throw_choice(name, allowed, value);
  }
  return number;
}

}  // namespace

void throw_choice(const char* name, std::string_view allowed, py::handle given) {
  const bool list = !allowed.empty() && allowed.front() == '\'';
  throw py::value_error(std::string(name)
                            .append(list ? " must be one of " : " must be ")
                            .append(allowed)
                            .append(", not ")
                            .append(text_of(given)));
}

Bytes new_mask(const Grid& grid) {
  check_grid(grid);
  return Bytes({grid.slots, grid.rows, grid.columns});
}

py::array own_bytes(std::vector<std::uint8_t>&& bytes, std::vector<py::ssize_t> shape) {
  auto owner = std::make_unique<std::vector<std::uint8_t>>(std::move(bytes));
  const auto* data = reinterpret_cast<const bool*>(owner->data());
  py::capsule base(owner.get(),
                   [](void* pointer) { delete static_cast<std::vector<std::uint8_t>*>(pointer); });
  owner.release();
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
    throw_choice(name, allowed, value);
  }
  return seed;
}

Grid to_grid(py::handle value) {
  const char* allowed = "three integers (S, R, C)";
  if (!py::isinstance<py::sequence>(value) || py::isinstance<py::str>(value) ||
      py::len(value) != 3) {
    throw_choice("grid", allowed, value);
  }
  std::array<std::int64_t, 3> sides{};
  std::size_t i = 0;
  for (const py::handle side : value) {
    if (!is_integer(side)) throw_choice("grid", allowed, value);
    sides[i++] = to_int64(py::reinterpret_steal<py::object>(PyNumber_Index(side.ptr())));
  }
  return {sides[0], sides[1], sides[2]};
}

View to_view(py::handle crop, bool hflip) {
  const auto [x, y, w, h] = py::cast<std::tuple<double, double, double, double>>(crop);
  return {.x = x, .y = y, .w = w, .h = h, .hflip = hflip ? 1.0 : 0.0};
}

Count to_count(double mask_ratio, py::handle num_masked, py::handle rule) {
  static constexpr std::array<std::pair<std::string_view, CountRule>, 2> kRules{
      {{"floor_masked", CountRule::kFloorMasked}, {"floor_kept", CountRule::kFloorKept}}};
  Count count{.mask_ratio = mask_ratio, .rule = to_choice("count", kRules, rule), .num_masked = {}};
  if (!num_masked.is_none()) {
    count.num_masked = to_int64(integer(num_masked, "num_masked", "an integer or None"));
  }
  return count;
}

Aspect to_range(py::handle value, const char* name) {
  const char* allowed = "a number or (low, high)";
  if (PyFloat_Check(value.ptr()) != 0 || !py::isinstance<py::sequence>(value)) {
    const double both = to_number(value, name, allowed);
    return {both, both};
  }
  if (py::isinstance<py::str>(value) || py::len(value) != 2) throw_choice(name, allowed, value);
  const auto ends = py::reinterpret_borrow<py::sequence>(value);
  return {to_number(ends[0], name, allowed), to_number(ends[1], name, allowed)};
}

std::int64_t to_count_of(py::handle value, const char* name) {
  return to_int64(integer(value, name, "an integer"));
}

std::vector<Box> to_boxes(const py::array_t<double, py::array::c_style>& boxes) {
  const std::span<const double> corners = view_of(boxes);
  std::vector<Box> result;
  for (std::size_t i = 0; i + 3 < corners.size(); i += 4) {
    result.push_back({corners[i], corners[i + 1], corners[i + 2], corners[i + 3]});
  }
  return result;
}

Camera to_camera(py::handle value) {
  static constexpr std::array<std::pair<std::string_view, Camera>, 3> kCameras{
      {{"none", Camera::kNone}, {"median", Camera::kMedian}, {"affine", Camera::kAffine}}};
  return to_choice("camera", kCameras, value);
}

Peak to_peak(py::handle value) {
  static constexpr std::array<std::pair<std::string_view, Peak>, 4> kPeaks{
      {{"smooth", Peak::kSmooth},
       {"block", Peak::kBlock},
       {"box", Peak::kBox},
       {"path", Peak::kPath}}};
  return to_choice("peak", kPeaks, value);
}

First to_first(py::handle value) {
  static constexpr std::array<std::pair<std::string_view, First>, 2> kFirsts{
      {{"motion", First::kMotion}, {"random", First::kRandom}}};
  return to_choice("first", kFirsts, value);
}

Fit to_fit(py::handle value) {
  static constexpr std::array<std::pair<std::string_view, Fit>, 3> kFits{
      {{"grow", Fit::kGrow}, {"shift", Fit::kShift}, {"clip", Fit::kClip}}};
  return to_choice("fit", kFits, value);
}

Scope to_scope(py::handle value) {
  static constexpr std::array<std::pair<std::string_view, Scope>, 3> kScopes{
      {{"slot", Scope::kSlot}, {"clip", Scope::kClip}, {"tube", Scope::kTube}}};
  return to_choice("scope", kScopes, value);
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
