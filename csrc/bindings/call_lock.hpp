#pragma once

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "bindings/gil.hpp"

namespace mgm::bindings {

// Lets one thread at a time into an object whose owner, a Python object, any thread may call.
class CallLock {
 public:
  // What `work` returns, which runs without the GIL once the calls of other threads are over.
  // Throws std::runtime_error in a call from within a call (a file object whose read() uses the
  // reader that reads it) and in a forked child.
  template <class Work>
  auto run(Work work) {
    require_entry();
    const GilRelease released;
    const Turn turn(*this);
    return work();
  }

  // Whether this is a child of the process that made the object. The child has neither the threads
  // of its decoder nor a file position of its own, and must not so much as close it.
  [[nodiscard]] bool forked() const { return process_ != getpid(); }

 private:
  class Turn {
   public:
    explicit Turn(CallLock& lock);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    CallLock& lock_;
  };

  void require_entry() const;

  std::timed_mutex mutex_;
  std::atomic<std::thread::id> caller_;
  pid_t process_ = getpid();
};

}  // namespace mgm::bindings
