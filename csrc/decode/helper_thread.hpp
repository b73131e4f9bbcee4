#pragma once

#include <atomic>
#include <exception>
#include <thread>
#include <utility>

#include "mgm.hpp"

namespace mgm {

// A thread for the length of a call, beside the caller's. Only the caller's may run the interrupt:
// Python handles signals there; this one is told to stop instead.
class HelperThread {
 public:
  // Options whose interrupt is right on either thread. The helper must outlive them.
  [[nodiscard]] ReadOptions watched(ReadOptions options) {
    options.interrupt = [this, interrupt = std::move(options.interrupt)] {
      if (std::this_thread::get_id() == helper_id_) {
        if (stopping_) throw Stopped();
      } else if (interrupt) {
        interrupt();
      }
    };
    return options;
  }

  template <class Work>
  void start(Work work) {
    stopping_ = false;
    failure_ = nullptr;
    thread_ = std::thread([this, work = std::move(work)] {
      helper_id_ = std::this_thread::get_id();
      try {
        work();
      } catch (...) {
        failure_ = std::current_exception();
      }
    });
  }
  // Waits for the work, and throws what it threw.
  void finish() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
  }
  void stop() {
    stopping_ = true;
    thread_.join();
  }

 private:
  struct Stopped : std::exception {};
  std::thread thread_;
  std::atomic<std::thread::id> helper_id_;
  std::atomic<bool> stopping_ = false;
  std::exception_ptr failure_;
};

}  // namespace mgm
