#pragma once

#include <cstdint>
#include <set>

namespace mgm {

// What of a stream was found damaged since decoding began somewhere, and at which packets.
class DamageLog {
 public:
  void restart() {
    any_ = skips_ = false;
    packets_.clear();
  }
  // Somewhere.
  void add() { any_ = true; }
  void add(std::int64_t packet) {
    any_ = true;
    packets_.insert(packet);
  }
  // Pictures are left out on purpose: from now on one that does not come out is no damage.
  void expect_gaps() { skips_ = true; }
  // The picture of a packet did not come out; whether that is damage others tell.
  void miss(std::int64_t packet) {
    if (!skips_) packets_.insert(packet);
  }

  [[nodiscard]] bool any() const { return any_; }
  [[nodiscard]] bool anywhere() const { return !packets_.empty(); }
  // At one of these packets, both counted.
  [[nodiscard]] bool between(std::int64_t first, std::int64_t last) const {
    const auto at = packets_.lower_bound(first);
    return at != packets_.end() && *at <= last;
  }

 private:
  bool any_ = false, skips_ = false;
  std::set<std::int64_t> packets_;
};

}  // namespace mgm
