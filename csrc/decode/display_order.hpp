#pragma once

#include <deque>
#include <vector>

#include "decode/frame_index.hpp"
#include "decode/libav.hpp"
#include "taps/tap.h"

namespace mgm {

// A decoded frame with its place in display order and, per reference of its MgmPicture, the
// distance in display frames (negative: past; NaN: unknown).
struct ShownFrame {
  libav::Frame frame = nullptr;  // none: lost
  std::int64_t index = 0;
  std::int64_t packet = -1;  // place in the file of the packet that it came from; -1: unknown
  bool damaged = false;
  bool doubtful = false;  // decoded behind damage from which no key frame lies between
  bool repeated = false;  // the same picture was shown before: no blocks
  std::vector<float> distances = {};

  [[nodiscard]] const MgmPicture* picture() const {
    return frame ? mgm_picture(frame.get()) : nullptr;
  }
  // False for pictures that were decoded for their vectors alone, referenced ones too.
  [[nodiscard]] bool has_pixels() const {
    const MgmPicture* one = picture();
    return one == nullptr || (!one->vectors_only && !one->vectors_only_unreferenced);
  }
  [[nodiscard]] bool is_unread() const {
    const MgmPicture* one = picture();
    return one != nullptr && one->unread != 0;
  }
  [[nodiscard]] bool is_good() const { return !damaged && !doubtful && !is_unread(); }
};

// Holds each frame back until all the pictures it refers to are numbered too: a distance comes from
// the identity of the reference, never from arithmetic on POC, unless that picture is never shown.
// A hidden picture of a codec without POC counts as the first later frame that is little but a copy
// of it.
class DisplayOrder {
 public:
  // Forgets everything before.
  void restart(std::int64_t first_index);
  // The next frame, with its number. frames: references are found there too, by their packets,
  // without waiting for them to come out (not for codecs with hidden pictures, which share a
  // packet); or nullptr.
  void push(ShownFrame shown, const FrameIndex* frames);
  void finish() { finished_ = true; }
  [[nodiscard]] bool pop(ShownFrame& shown);
  // Some distance was reckoned from POC, and by the smallest step of POC seen until then.
  [[nodiscard]] bool reckons() const { return reckons_; }

 private:
  // A picture by its serial.
  struct Known {
    std::int64_t began = -1;  // index of the first frame pushed after the decoder began it
    std::int64_t index = -1;  // -1: not known yet
    bool shown = false;
  };

  void number(ShownFrame& shown, std::int64_t serial);
  void learn_copies(const MgmPicture& picture, std::int64_t index);
  [[nodiscard]] std::int64_t index_of(const MgmReference& reference) const;
  [[nodiscard]] bool may_resolve(const MgmReference& reference) const;
  [[nodiscard]] bool resolvable(const MgmPicture& picture) const;
  [[nodiscard]] float distance(const MgmPicture& picture, const MgmReference& reference,
                               std::int64_t index);
  void learn_poc_step(const MgmPicture& picture, std::int64_t index);

  std::deque<ShownFrame> waiting_;
  std::vector<Known> known_;  // by serial
  std::int64_t next_index_ = 0;
  const FrameIndex* frames_ = nullptr;
  std::int64_t poc_sequence_ = -1, poc_index_ = 0;
  std::int64_t last_poc_ = 0, poc_step_ = 0;  // 0: not known yet
  bool finished_ = false, reckons_ = false;
};

}  // namespace mgm
