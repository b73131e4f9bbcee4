#pragma once

#include <optional>

#include "decode/demuxer.hpp"
#include "decode/display_order.hpp"
#include "decode/packet_decoder.hpp"
#include "decode/picture_sizes.hpp"
#include "decode/watchdog.hpp"
#include "mgm.hpp"

namespace mgm {

// Reads one video from start to end: demuxer, decoder and display order together, with the caller's
// budget, damage and interrupts. Yields frames in display order with their distances known.
class FrameStream {
 public:
  FrameStream(Source source, const ReadOptions& options, const PacketDecoder::Options& decoder);

  [[nodiscard]] bool next(ShownFrame& shown);
  // Reconstructs no pixels of packets to come.
  void leave_pixels() { decoder_.set_mode(PacketDecoder::Mode::kVectors); }

  // What header and decoder know by now.
  [[nodiscard]] VideoInfo info() const;
  [[nodiscard]] bool damaged() const { return demuxer_.damaged() || decoder_.damaged(); }
  [[nodiscard]] const Demuxer& demuxer() const { return demuxer_; }
  [[nodiscard]] const PacketDecoder& decoder() const { return decoder_; }

 private:
  void advance();
  void receive_all();
  void complete_time(AVFrame& frame);
  void watch(const AVFrame& frame);
  [[noreturn]] void fail(const std::string& reason) const;

  ReadOptions options_;
  Watchdog watchdog_;
  Demuxer demuxer_;
  PacketDecoder decoder_;
  DisplayOrder order_;
  libav::Packet packet_;
  libav::Frame spare_;  // for the next frame received
  bool drained_ = false;
  std::int64_t last_pts_ = AV_NOPTS_VALUE, last_duration_ = 0;  // of the last frame put out
  std::int64_t frames_ = 0;                                     // put out by the decoder
  std::int64_t inter_ = 0, tapped_inter_ = 0;                   // pictures; see watch()
  PictureSizes sizes_;
  std::vector<std::int64_t> key_frames_;
};

}  // namespace mgm
