#pragma once

#include <pybind11/pybind11.h>

#include <optional>

namespace mgm::bindings {

// Both are pybind11's, for threads that Python's end may find at work. Up to Python 3.13 a daemon
// thread that asks for the GIL then is unwound by force. Destructors end the process at that
// ("terminate called without an active exception"), and libav's frames cannot be unwound. Such a
// thread waits for the end of the process here, as Python 3.14 lets it wait.

// Without the GIL until the end of the scope.
class GilRelease {
 public:
  GilRelease() : state_(PyEval_SaveThread()) {}
  ~GilRelease();
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  PyThreadState* state_;
};

// With the GIL until the end of the scope, on any thread.
class GilAcquire {
 public:
  GilAcquire();

 private:
  std::optional<pybind11::gil_scoped_acquire> gil_;
};

}  // namespace mgm::bindings
