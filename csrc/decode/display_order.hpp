#pragma once

#include <deque>
#include <vector>

#include "libav.hpp"
#include "taps/tap.h"

namespace mgm {

// A decoded frame with its place in display order and, per reference of its MgmPicture, the
// distance in display frames (negative: past; NaN: unknown).
struct ShownFrame {
  libav::Frame frame;
  std::int64_t index = 0;
  bool repeated = false;  // the same picture was shown before: no blocks
  std::vector<float> distances;

  [[nodiscard]] const MgmPicture* picture() const { return mgm_picture(frame.get()); }
};

// Numbers frames as the decoder puts them out, and holds each back until all the pictures it refers
// to are numbered too: a distance comes from the identity of the reference, never from arithmetic
// on POC, unless that picture is never shown.
class DisplayOrder {
 public:
  // The next frame pushed gets this number; forgets everything before.
  void restart(std::int64_t first_index);
  void push(libav::Frame frame);
  void finish() { finished_ = true; }
  [[nodiscard]] bool pop(ShownFrame& shown);

 private:
  [[nodiscard]] std::int64_t index_of(std::int64_t serial) const;
  [[nodiscard]] bool resolvable(const MgmPicture& picture) const;
  [[nodiscard]] float distance(const MgmPicture& picture, const MgmReference& reference,
                               std::int64_t index) const;
  void learn_poc_step(const MgmPicture& picture);

  std::deque<ShownFrame> waiting_;
  std::vector<std::int64_t> index_of_serial_;  // -1: not shown yet
  std::int64_t next_index_ = 0;
  std::int64_t poc_sequence_ = -1;
  std::int32_t last_poc_ = 0, poc_step_ = 0;  // 0: not known yet
  bool finished_ = false;
};

}  // namespace mgm
