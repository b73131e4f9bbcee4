#include "bindings/call_lock.hpp"

#include <chrono>
#include <stdexcept>

#include "bindings/source.hpp"

namespace mgm::bindings {

void CallLock::require_entry() const {
  if (forked()) throw std::runtime_error("an open video cannot be read after a fork: open it anew");
  if (caller_ == std::this_thread::get_id()) {
    throw std::runtime_error(
        "this thread is reading the video already: the read() and seek() of its file object, "
        "signal handlers and finalizers cannot use the reader meanwhile");
  }
}

CallLock::Turn::Turn(CallLock& lock) : lock_(lock) {
  const auto interrupt = make_interrupt();
  while (!lock_.mutex_.try_lock_for(std::chrono::milliseconds(20))) interrupt();
  lock_.caller_ = std::this_thread::get_id();
}

CallLock::Turn::~Turn() {
  lock_.caller_ = std::thread::id();
  lock_.mutex_.unlock();
}

}  // namespace mgm::bindings
