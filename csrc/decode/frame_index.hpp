#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "decode/header_log.hpp"
#include "mgm.hpp"

namespace mgm {

// The packets of one video and the frames they become: packet (its place in the file) <-> display
// index, the time of each frame, and where decoding can start. Knows nothing of files.
class FrameIndex {
 public:
  struct Packet {
    std::int64_t pts = kNoPts, dts = kNoPts, pos = -1;
    int size = 0;
    bool key = false;
    bool shown = true;
    bool within = true;  // the file is long enough to hold it
  };
  static constexpr std::int64_t kMostPackets = std::numeric_limits<std::int32_t>::max();
  // Decoding from this packet on gives every frame from this one on.
  struct Entry {
    std::int64_t frame = 0, packet = 0;
  };

  // At most kMostPackets. decoding_times: the container stores when packets are decoded, not when
  // frames are shown.
  FrameIndex(std::vector<Packet> packets, bool decoding_times)
      : packets_(std::move(packets)), decoding_times_(decoding_times) {}

  // Numbers frames by the times of their packets, in the order of packets where times are equal.
  // False where the times cannot be used: some are missing, or lie before the first key frame.
  [[nodiscard]] bool number_by_times();
  // Numbers frames as a decoder puts them out, given the packet of each; -1: unknown.
  void number(std::vector<std::int64_t> packets_of_frames);

  [[nodiscard]] bool numbered() const { return numbered_; }
  // Numbered by a decoder.
  [[nodiscard]] bool counted() const { return counted_; }
  // The times of packets rise as they are decoded.
  [[nodiscard]] bool in_decoding_order() const { return in_decoding_order_; }
  // Frames are shown in another order than their packets lie in the file.
  [[nodiscard]] bool reordered() const;
  // Every frame's packet is known. Otherwise frames must be counted from the first.
  [[nodiscard]] bool identified() const { return identified_; }
  [[nodiscard]] std::int64_t num_packets() const {
    return static_cast<std::int64_t>(packets_.size());
  }
  [[nodiscard]] const Packet& packet(std::int64_t number) const {
    return packets_[static_cast<std::size_t>(number)];
  }

  // What changes amid the stream, where a container's packets were read for the index.
  void set_headers(HeaderLog headers) { headers_ = std::move(headers); }
  [[nodiscard]] const HeaderLog* headers() const { return headers_ ? &*headers_ : nullptr; }

  // What follows is known once frames are numbered.
  [[nodiscard]] std::int64_t num_frames() const { return static_cast<std::int64_t>(order_.size()); }
  // The frame of a packet; of a second field the frame that the first began.
  [[nodiscard]] std::optional<std::int64_t> frame_of(std::int64_t packet) const;
  [[nodiscard]] std::int64_t packet_of(std::int64_t frame) const {
    return order_[static_cast<std::size_t>(frame)];
  }
  // The file is too short to hold the frame's packet.
  [[nodiscard]] bool is_cut_off(std::int64_t frame) const {
    return identified_ && !packet(packet_of(frame)).within;
  }
  // The last frame whose packet lies within the file; -1: none.
  [[nodiscard]] std::int64_t last_within() const { return last_within_; }
  // An edit list shows another part of the media from this packet on.
  [[nodiscard]] bool begins_part(std::int64_t number) const;
  // In time base ticks; kNoPts where the file does not tell.
  [[nodiscard]] std::int64_t pts(std::int64_t frame) const {
    if (times_.empty()) return identified_ ? stored_time(packet_of(frame)) : kNoPts;
    return times_[static_cast<std::size_t>(frame)];
  }
  // Display distance in frames from the picture of one packet to that of another, counting pictures
  // that an edit list hides as if they were shown. nullopt: the two belong to different parts of
  // the media, between which a distance means nothing.
  [[nodiscard]] std::optional<std::int64_t> distance(std::int64_t from, std::int64_t to) const;
  // The nearest frame after this one that is decoded before it.
  [[nodiscard]] std::optional<std::int64_t> decoded_ahead(std::int64_t frame) const;
  [[nodiscard]] bool knows_distances() const { return !ranks_.empty(); }
  // The last entry from which a frame can be decoded.
  [[nodiscard]] Entry entry_before(std::int64_t frame) const;
  // The entry before an entry, or the same where it is the first.
  [[nodiscard]] Entry entry_before(const Entry& entry) const;
  // Display index of each key frame that is shown, rising.
  [[nodiscard]] std::vector<std::int64_t> key_frames() const;

 private:
  // Of a packet or a frame. An index takes 40 bytes of a packet: a small file may list millions.
  using Number = std::int32_t;
  void arrange(std::vector<Number> packets_of_frames);
  [[nodiscard]] std::int64_t stored_time(std::int64_t number) const {
    return decoding_times_ ? packet(number).dts : packet(number).pts;
  }
  void place_packets();
  void rank_packets();
  void find_entries();
  void find_times();
  static void fill_times(std::vector<std::int64_t>& times);

  std::vector<Packet> packets_;
  bool decoding_times_;
  std::optional<HeaderLog> headers_;
  bool numbered_ = false, counted_ = false, identified_ = false;
  std::vector<Number> order_;        // packet of each frame
  std::vector<Number> places_;       // frame of each packet; -1: none
  std::vector<std::int64_t> times_;  // of each frame, where they are not those of their packets
  // Of each packet, hidden ones too, among those of its part of the media; and which part that is.
  // Empty where all are shown, or times do not tell in which order.
  std::vector<Number> ranks_, parts_;
  struct Place {
    Number frame = 0, packet = 0;
    [[nodiscard]] Entry entry() const { return {.frame = frame, .packet = packet}; }
  };
  std::vector<Place> entries_;            // sorted by frame, then packet
  std::vector<Place> entries_by_packet_;  // the same, where that is another order
  bool in_decoding_order_ = false;
  std::int64_t last_within_ = -1;
};

}  // namespace mgm
