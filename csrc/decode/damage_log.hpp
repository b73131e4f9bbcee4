#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

namespace mgm {

// What of a stream was found damaged since decoding began somewhere, and at which packets.
class DamageLog {
 public:
  void restart() {
    any_ = false;
    packets_.clear();
    skipped_.clear();
    foreseen_.clear();
  }
  // Somewhere.
  void add() { any_ = true; }
  void add(std::int64_t packet) {
    any_ = true;
    insert(packet);
  }
  // A picture is damaged that has not come out: it counts once one of a later packet has, which may
  // refer to it.
  void foresee(std::int64_t packet) { foreseen_.push_back(packet); }
  // A frame came out; -1: nobody knows of which packet.
  void reach(std::int64_t packet) {
    std::erase_if(foreseen_, [&](std::int64_t foreseen) {
      const bool counts = packet < 0 || foreseen < packet;
      if (counts) add(foreseen);
      return counts;
    });
  }
  // The picture of a packet, later than all before, is left out on purpose if it can be.
  void expect_gap(std::int64_t packet) { skipped_.push_back(packet); }
  // The picture of a packet did not come out; false where it was left out on purpose. Whether it is
  // damage others tell.
  bool miss(std::int64_t packet) {
    if (std::ranges::binary_search(skipped_, packet)) return false;
    insert(packet);
    return true;
  }

  [[nodiscard]] bool any() const { return any_; }
  [[nodiscard]] bool anywhere() const { return !packets_.empty(); }
  // At one of these packets, both counted.
  [[nodiscard]] bool between(std::int64_t first, std::int64_t last) const {
    const auto at = std::ranges::lower_bound(packets_, first);
    return at != packets_.end() && *at <= last;
  }

 private:
  // Packets come nearly in order. Any of a long file's may be damaged: a set takes 40 bytes of
  // each.
  void insert(std::int64_t packet) {
    const auto after = std::ranges::upper_bound(packets_, packet);
    if (after == packets_.begin() || *(after - 1) != packet) packets_.insert(after, packet);
  }

  bool any_ = false;
  std::deque<std::int64_t> packets_, skipped_;  // sorted, each once
  std::vector<std::int64_t> foreseen_;
};

}  // namespace mgm
