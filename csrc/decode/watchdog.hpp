#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "error.hpp"

namespace mgm {

// The caller's time budget and interrupts, looked at between packets and between reads of the file.
class Watchdog {
 public:
  Watchdog(std::function<void()> interrupt, std::optional<double> max_seconds)
      : interrupt_(std::move(interrupt)), max_seconds_(max_seconds) {
    restart();
  }

  // Gives a new call the whole budget.
  void restart() {
    if (max_seconds_) deadline_ = Clock::now() + std::chrono::duration<double>(*max_seconds_);
  }

  // Throws what the interrupt throws, or BudgetExceeded.
  void check(const std::string& path, std::optional<std::int64_t> frame) const {
    if (interrupt_) interrupt_();
    if (!max_seconds_ || Clock::now() < deadline_) return;
    throw BudgetExceeded(path, frame,
                         "decoding took longer than max_seconds=" + std::to_string(*max_seconds_));
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::function<void()> interrupt_;
  std::optional<double> max_seconds_;
  std::chrono::time_point<Clock, std::chrono::duration<double>> deadline_;
};

}  // namespace mgm
