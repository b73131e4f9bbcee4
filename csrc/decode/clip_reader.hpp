#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "decode/demuxer.hpp"
#include "decode/display_order.hpp"
#include "decode/frame_index.hpp"
#include "decode/packet_decoder.hpp"
#include "decode/picture_sizes.hpp"
#include "decode/watchdog.hpp"
#include "mgm.hpp"

namespace mgm {

// Owns an open video and its place in it: brings single frames by number, in rising order, with the
// least decoding. Starts at the nearest key frame, goes on from where it stands when that is
// closer, and passes over pictures that nobody asked for and nothing refers to.
class ClipReader {
 public:
  // What to bring of a frame.
  enum class Want : std::uint8_t { kVectors, kPixels };
  struct Wanted {
    std::int64_t index = 0;
    Want want = Want::kVectors;
  };

  // What the decoder is for. kPixels: no vectors, with all of options.num_threads; else one thread.
  enum class Purpose : std::uint8_t { kVectorsAndPixels, kPixels };
  ClipReader(const Source& source, const ReadOptions& options, Purpose purpose);

  // Takes over what another reader of the same file knows of its frames.
  void learn_from(ClipReader& other);

  // Frames to come, sorted by index, each once. The span must live until the last fetch.
  void plan(std::span<const Wanted> wanted);
  // The next planned frame; the nearest earlier one (or the first decodable) with found = false
  // where the stream is damaged, one with pixels if they are wanted. Throws IndexError past the
  // end.
  struct Fetched {
    const ShownFrame* frame = nullptr;
    bool found = true;
  };
  [[nodiscard]] Fetched fetch(std::int64_t index);

  // Counts by decoding when the container does not tell.
  [[nodiscard]] std::int64_t num_frames();
  [[nodiscard]] const FrameIndex& index();
  [[nodiscard]] const Demuxer& demuxer() const { return *demuxer_; }
  [[nodiscard]] const PacketDecoder& decoder() const { return *decoder_; }
  // Of the frames brought so far and those decoded on the way.
  [[nodiscard]] const PictureSizes& sizes() const { return sizes_; }
  [[nodiscard]] bool damaged() const { return damaged_ || decoder_->damaged(); }

 private:
  void open();
  void recover();
  void restart(std::int64_t index);
  void rewind();
  [[nodiscard]] bool seek(const FrameIndex::Key& key);
  void go_to(std::int64_t index);
  [[nodiscard]] std::optional<Want> want_of(std::int64_t index) const;
  [[nodiscard]] bool has_vectors_of(std::int64_t index) const;
  [[nodiscard]] bool must_move(std::int64_t index);
  [[nodiscard]] bool can_stand_in() const;
  void set_policy(const AVPacket& packet);
  [[nodiscard]] bool advance();
  void take_frames();

  Source source_;
  ReadOptions options_;
  Purpose purpose_;
  Watchdog watchdog_;
  std::unique_ptr<Demuxer> demuxer_;
  std::unique_ptr<PacketDecoder> decoder_;
  std::optional<FrameIndex> index_;
  std::optional<std::int64_t> counted_;
  DisplayOrder order_;
  PictureSizes sizes_;
  libav::Packet packet_;
  std::optional<ShownFrame> standby_;  // the last frame with pixels before current_
  std::optional<ShownFrame> current_;  // the last frame that came out
  std::optional<ShownFrame> ahead_;    // came out, but lies after the frame that was asked for
  std::span<const Wanted> wanted_;
  std::int64_t num_pixels_ = 0, last_pixels_ = -1;  // frames that are wanted with pixels
  std::int64_t pixels_due_ = 0;  // of them, those whose packets were not sent since the last seek
  std::int64_t sent_ = -1;       // highest display index whose packet was sent
  bool abandoned_ = false;       // an exception ended what was being read
  bool positioned_ = false;      // decoder and demuxer stand somewhere known
  bool drained_ = false;         // no more packets from here
  bool has_pixels_ = false;      // every picture since the last seek was reconstructed
  bool interlaced_ = false;      // a frame's second field may be in the packet after its own
  bool goes_on_ = false;         // clips follow each other, so that their ends need pixels, too
  bool packet_pending_ = false;  // seek() left the key frame's packet in packet_
  bool found_ = false;           // the last fetch brought what it was asked for
  bool skips_ = true;            // leaves out what comes before the first wanted frame
  bool damaged_ = false;
};

}  // namespace mgm
