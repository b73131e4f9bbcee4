#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "error.hpp"
#include "mgm.hpp"

namespace mgm {

// The caller's time budget and interrupts, looked at between packets and between reads of the file.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Watchdog(const ReadOptions& options)
      : interrupt_(options.interrupt),
        max_seconds_(options.max_seconds),
        began_(options.began.value_or(Clock::now())) {}

  // A new call has the whole budget.
  void restart(Clock::time_point began) { began_ = began; }
  [[nodiscard]] Clock::time_point began() const { return began_; }

  // Throws what the interrupt throws, or TimeLimitExceeded.
  void check(const std::string& path, std::optional<std::int64_t> frame) const {
    if (interrupt_) interrupt_();
    if (!max_seconds_) return;
    if (Clock::now() - began_ < std::chrono::duration<double>(*max_seconds_)) return;
    throw TimeLimitExceeded(
        path, frame, "decoding took longer than max_seconds=" + std::to_string(*max_seconds_));
  }

 private:
  std::function<void()> interrupt_;
  std::optional<double> max_seconds_;
  Clock::time_point began_;
};

}  // namespace mgm
