#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decode/demuxer.hpp"

namespace mgm {

// Frame numbers of one video: display index <-> pts, and the key frames where decoding can start.
//
// From the container's header where it has presentation times (mp4, mov); otherwise from one pass
// over the packets. Where packets do not tell (no pts, two fields in two packets, pictures before
// the first key frame) the index is not exact: then frames are counted by decoding from the start.
class FrameIndex {
 public:
  struct Key {
    std::int64_t index = 0;  // display
    std::int64_t pts = 0, dts = 0;
  };

  // Reads packets of the demuxer when it must; rewound says whether it still stands at the start.
  [[nodiscard]] static FrameIndex read(Demuxer& demuxer, bool& rewound);

  [[nodiscard]] bool exact() const { return exact_; }
  // Valid when exact.
  [[nodiscard]] std::int64_t num_frames() const { return static_cast<std::int64_t>(pts_.size()); }
  [[nodiscard]] std::int64_t pts(std::int64_t index) const {
    return pts_[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] std::optional<std::int64_t> index_of(std::int64_t pts) const;
  // The last key frame at or before a frame in display order: decoding it from there is exact.
  [[nodiscard]] const Key& key_before(std::int64_t index) const;
  [[nodiscard]] const std::vector<Key>& keys() const { return keys_; }
  // Packets come in another order than they are shown in.
  [[nodiscard]] bool reordered() const { return reordered_; }

 private:
  struct Packet {
    std::int64_t pts = 0, dts = 0;
    bool key = false;
    bool shown = true;
  };
  [[nodiscard]] static std::optional<std::vector<Packet>> from_header(const Demuxer& demuxer);
  [[nodiscard]] static std::vector<Packet> from_packets(Demuxer& demuxer);
  void build(const std::vector<Packet>& packets);

  bool exact_ = false, reordered_ = false;
  std::vector<std::int64_t> pts_;  // sorted; position = display index
  std::vector<Key> keys_;          // sorted
};

}  // namespace mgm
