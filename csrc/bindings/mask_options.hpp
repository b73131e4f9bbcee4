// The options of a mask from Python's, by its rule: the same for _core and _cuda. C++17.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>
#include <vector>

#include "masks/mask_table.hpp"

namespace mgm::bindings {

namespace py = pybind11;

// ValueError: "name must be allowed, not given".
[[noreturn]] void throw_not(const char* name, const std::string& allowed, py::handle given);

// "one of 'a', 'b'"
template <class Enum>
[[nodiscard]] std::string allowed_words() {
  std::string allowed;
  for (const EnumWord<Enum>& word : EnumWords<Enum>::all) {
    allowed.append(allowed.empty() ? "one of '" : ", '").append(word.text).append("'");
  }
  return allowed;
}

template <class Enum>
[[nodiscard]] const char* enum_text(Enum value) {
  for (const EnumWord<Enum>& word : EnumWords<Enum>::all) {
    if (word.value == value) return word.text;
  }
  return "";
}

// The enumerator of a word, or ValueError with all there are.
template <class Enum>
[[nodiscard]] Enum to_word(const char* name, py::handle given) {
  Py_ssize_t size = 0;
  const char* text =
      PyUnicode_Check(given.ptr()) != 0 ? PyUnicode_AsUTF8AndSize(given.ptr(), &size) : nullptr;
  PyErr_Clear();  // of text that is none
  if (text != nullptr) {
    for (const EnumWord<Enum>& word : EnumWords<Enum>::all) {
      if (std::string_view(text, static_cast<std::size_t>(size)) == word.text) return word.value;
    }
  }
  throw_not(name, allowed_words<Enum>(), given);
}

// A rule with its options' names as Python has them.
class RuleFace {
 public:
  explicit RuleFace(const Rule& rule);

  [[nodiscard]] const Rule& rule() const { return rule_; }

  // What is not given has its default. Groups stay where they are: `given` outlives the result.
  // ValueError on what the rule does not take or does not allow.
  [[nodiscard]] MaskOptions parse(const Grid& grid, const py::dict& given) const;

  // (name, kind, default, allowed) of each option.
  [[nodiscard]] const py::tuple& options() const { return options_; }

 private:
  Rule rule_;
  std::vector<py::str> names_;
  py::tuple options_;
};

// "nothing", "score", "field" or "boxes".
[[nodiscard]] const char* word_of(Takes takes);

}  // namespace mgm::bindings
