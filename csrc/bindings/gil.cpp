#include "bindings/gil.hpp"

#include <unistd.h>

namespace mgm::bindings {
namespace {

// Called within a handler: the unwinding goes on where a handler ends.
[[noreturn]] void wait_for_the_end() {
  for (;;) pause();
}

}  // namespace

GilRelease::~GilRelease() {
  try {
    PyEval_RestoreThread(state_);
  } catch (...) {  // a forced unwinding: nothing else is thrown
    wait_for_the_end();
  }
}

GilAcquire::GilAcquire() {
  try {
    gil_.emplace();
  } catch (...) {
    wait_for_the_end();
  }
}

}  // namespace mgm::bindings
