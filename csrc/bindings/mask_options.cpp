#include "bindings/mask_options.hpp"

#include <pybind11/numpy.h>

#include <cmath>
#include <type_traits>
#include <utility>

namespace mgm::bindings {

namespace {

using GroupIds = py::array_t<std::int64_t, py::array::c_style>;

double to_number(const Option& option, py::handle value) {
  const double number = PyFloat_AsDouble(value.ptr());
  if (number == -1.0 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    throw_not(option.name, option.allowed, value);
  }
  return number;
}

// Sets one option from a value of Python.
struct Setter {
  const Option& option;
  py::handle value;
  MaskOptions& options;

  void operator()(double MaskOptions::* member) const {
    if (value.is_none() && std::isnan(options.*member)) return;
    const double number = to_number(option, value);
    const bool bounded = std::isfinite(option.low);
    if (bounded && !(number >= option.low && number <= option.high)) refuse();
    options.*member = number;
  }
  void operator()(std::int64_t MaskOptions::* member) const {
    const bool optional = options.*member == kByRatio;
    if (value.is_none() && optional) return;
    if (PyIndex_Check(value.ptr()) == 0 || PyBool_Check(value.ptr()) != 0) refuse();
    const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
    int overflow = 0;
    std::int64_t integer = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
    // Beyond 64 bits: a number that is out of every range, or is clamped.
    if (overflow != 0) integer = overflow > 0 ? std::int64_t{1} << 62 : -1;
    const auto real = static_cast<double>(integer);
    if (!optional && !(real >= option.low && real <= option.high)) refuse();
    options.*member = integer;
  }
  void operator()(Range MaskOptions::* member) const {
    Range range;
    if (PyFloat_Check(value.ptr()) != 0 || !py::isinstance<py::sequence>(value)) {
      range.low = range.high = to_number(option, value);
    } else {
      if (py::isinstance<py::str>(value) || py::len(value) != 2) refuse();
      const auto ends = py::reinterpret_borrow<py::sequence>(value);
      range = {to_number(option, ends[0]), to_number(option, ends[1])};
    }
    if (!(range.low >= option.low && range.low <= range.high && range.high <= option.high)) {
      refuse();
    }
    options.*member = range;
  }
  void operator()(const std::int64_t* MaskOptions::* member) const {
    if (value.is_none()) return;
    if (!py::isinstance<GroupIds>(value)) refuse();
    options.*member =
        static_cast<const std::int64_t*>(py::reinterpret_borrow<py::array>(value).data());
  }
  template <class Enum>
  void operator()(Enum MaskOptions::* member) const {
    options.*member = to_word<Enum>(option.name, value);
  }
  [[noreturn]] void refuse() const { throw_not(option.name, option.allowed, value); }
};

struct Described {
  const char* kind;  // as torch's schemas say it
  py::object preset;
  std::string allowed;
};

struct Describer {
  const MaskOptions& defaults;
  const char* allowed;

  Described operator()(double MaskOptions::* member) const {
    const double number = defaults.*member;
    if (std::isnan(number)) return {"float?", py::none(), allowed};
    return {"float", py::float_(number), allowed};
  }
  Described operator()(std::int64_t MaskOptions::* member) const {
    if (defaults.*member == kByRatio) return {"int?", py::none(), allowed};
    return {"int", py::int_(defaults.*member), allowed};
  }
  Described operator()(Range MaskOptions::* member) const {
    const auto [low, high] = defaults.*member;
    if (low == high) return {"float[]", py::float_(low), allowed};
    return {"float[]", py::make_tuple(low, high), allowed};
  }
  Described operator()(const std::int64_t* MaskOptions::* /*groups*/) const {
    return {"Tensor?", py::none(), allowed};
  }
  template <class Enum>
  Described operator()(Enum MaskOptions::* member) const {
    return {"str", py::str(enum_text(defaults.*member)), allowed_words<Enum>()};
  }
};

// Groups are of all tokens of a clip.
void check_groups(const Grid& grid, const MaskOptions& options, const py::array& ids) {
  if (ids.size() != grid.tokens()) {
    throw py::value_error("groups must have " + std::to_string(grid.tokens()) +
                          " ids, one per token, not " + std::to_string(ids.size()));
  }
  if (options.scope == Scope::kClip) return;
  throw py::value_error(std::string("groups go with scope=\"clip\", not '") +
                        enum_text(options.scope) + "'");
}

}  // namespace

void throw_not(const char* name, const std::string& allowed, py::handle given) {
  throw py::value_error(std::string(name) + " must be " + allowed + ", not " +
                        py::cast<std::string>(py::repr(given)));
}

RuleFace::RuleFace(const Rule& rule) : rule_(rule), options_(rule.option_count) {
  for (std::size_t i = 0; i < rule.option_count; ++i) {
    const Option& option = rule.options[i];
    names_.push_back(py::reinterpret_steal<py::str>(PyUnicode_InternFromString(option.name)));
    const auto described = std::visit(Describer{rule.defaults, option.allowed}, option.member);
    options_[i] =
        py::make_tuple(names_.back(), described.kind, described.preset, described.allowed);
  }
}

MaskOptions RuleFace::parse(const Grid& grid, const py::dict& given) const {
  MaskOptions options = rule_.defaults;
  std::size_t found = 0;
  for (std::size_t i = 0; i < rule_.option_count; ++i) {
    PyObject* value = PyDict_GetItemWithError(given.ptr(), names_[i].ptr());
    if (value == nullptr) continue;
    ++found;
    std::visit(Setter{rule_.options[i], value, options}, rule_.options[i].member);
  }
  if (found != given.size()) {
    throw_not(rule_.name, "given its own options only", py::list(given));
  }
  if (options.groups != nullptr) check_groups(grid, options, given["groups"]);
  rule_.check(grid, options);
  static_cast<void>(
      count_masked(options, options.scope == Scope::kClip ? grid.tokens() : grid.slot_tokens()));
  return options;
}

const char* word_of(Takes takes) {
  constexpr const char* kWords[] = {"nothing", "score", "field", "boxes"};
  return kWords[static_cast<int>(takes)];
}

}  // namespace mgm::bindings
