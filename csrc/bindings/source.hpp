#pragma once

#include "bindings/register.hpp"
#include "mgm.hpp"

namespace mgm::bindings {

// A Python source (str path, bytes-like, or binary file object) as the core sees it. Keeps the
// object alive; use it within the call. Callbacks take the GIL themselves, so the core may run
// without it.
class PySource {
 public:
  explicit PySource(const py::object& object);
  [[nodiscard]] Source take() { return std::move(source_); }

 private:
  py::object object_;
  py::buffer_info buffer_;
  Source source_;
};

// Raises KeyboardInterrupt inside a long read, looking at most every 20 ms.
[[nodiscard]] std::function<void()> make_interrupt();

}  // namespace mgm::bindings
