#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "decode/damage_log.hpp"
#include "decode/demuxer.hpp"
#include "decode/display_order.hpp"
#include "decode/frame_index.hpp"
#include "decode/frame_policy.hpp"
#include "decode/packet_decoder.hpp"
#include "decode/picture_sizes.hpp"
#include "decode/watchdog.hpp"
#include "mgm.hpp"

namespace mgm {

// An index that a decoder contradicts though the stream is whole.
struct WrongIndex : std::exception {};

// The one way from a file to its frames: demuxer, decoder and display order together, with the
// caller's budget and interrupts, and what of the stream is damaged. Begins at any entry of an
// index. Every packet bears its place in the file as its time, so that each frame tells from which
// it came.
class PacketLoop {
 public:
  PacketLoop(Source source, const ReadOptions& options, const PacketDecoder::Options& decoder);
  PacketLoop(const PacketLoop&) = delete;
  PacketLoop& operator=(const PacketLoop&) = delete;

  // How frames are numbered, from the next start on. By the container's index where that is
  // reliable, otherwise in the order in which the decoder puts them out.
  void number_by_container();
  // By the container's index where that is reliable, otherwise by decoding the whole file once;
  // in_any_case: by decoding, without asking the container.
  void number_all(bool in_any_case);
  // By the index of another loop over the same file.
  void number_as(const PacketLoop& other) { index_ = other.index_; }
  void number_as(std::shared_ptr<const FrameIndex> index) { index_ = std::move(index); }
  [[nodiscard]] std::shared_ptr<const FrameIndex> shared_index() const { return index_; }
  // The same, after reading the container's index as the other loop did: where a demuxer seeks to
  // depends on what it has read. Picture sizes seen by the other count as seen here.
  void learn_from(const PacketLoop& other);
  // nullptr: frames are numbered in the order in which they come out.
  [[nodiscard]] const FrameIndex* index() const { return index_.get(); }

  // Decides for each packet how it is decoded. Without a policy the decoder's mode holds for all.
  using Policy = std::function<Treatment(std::int64_t packet)>;
  void set_policy(Policy policy) { policy_ = std::move(policy); }
  void set_mode(PacketDecoder::Mode mode) { decoder_->set_mode(mode); }

  // Opens the file again; needed after an exception.
  void reopen();
  // Stands at the start of the file.
  void rewind();
  // Seeks to an entry; where the container cannot seek there, reads on from the start of the file.
  void start(const FrameIndex::Entry& entry);
  [[nodiscard]] bool seeks() const { return seeks_; }
  // Where decoding began.
  [[nodiscard]] const FrameIndex::Entry& began() const { return began_; }
  // The packet to be decoded next.
  [[nodiscard]] std::int64_t next_packet() const { return next_packet_; }
  [[nodiscard]] bool drained() const { return drained_; }

  // The next frame in display order; false at the end. Throws WrongIndex.
  [[nodiscard]] bool next(ShownFrame& shown);
  // Reads from frame `first` on with next_in_turn.
  void begin(std::int64_t first);
  // The next frame number, without gaps: a lost frame is returned without an AVFrame.
  [[nodiscard]] bool next_in_turn(ShownFrame& shown);
  // Time of each frame that was put out, in turn.
  [[nodiscard]] std::vector<std::int64_t> times() const;

  // Damage seen since the last start in what can be decoded from there.
  [[nodiscard]] bool damaged() const { return damage_.any(); }
  // A call begins, and its budget.
  void begin_call(Watchdog::Clock::time_point now);
  // Bytes of a packet by its place in the file; -1: not known.
  [[nodiscard]] std::int64_t packet_bytes(std::int64_t packet) const;
  [[nodiscard]] const PictureSizes& sizes() const { return sizes_; }
  [[nodiscard]] const Demuxer& demuxer() const { return *demuxer_; }
  // A distance to a reference was computed from frames that were decoded long before.
  [[nodiscard]] bool reckons_distances() const { return order_.reckons(); }
  [[nodiscard]] bool is_interlaced() const { return interlaced_; }
  [[nodiscard]] bool hides_pictures() const;
  [[nodiscard]] bool lends_motion() const;
  [[nodiscard]] bool parses_alone() const;
  [[nodiscard]] const PacketDecoder& decoder() const { return *decoder_; }
  [[nodiscard]] const ReadOptions& options() const { return options_; }
  // What header and decoder know by now.
  [[nodiscard]] VideoInfo info() const;

 private:
  void open();
  void forget();
  [[nodiscard]] FrameIndex container_index();
  [[nodiscard]] bool is_right(const FrameIndex& index) const;
  void reset(const FrameIndex::Entry& entry);
  [[nodiscard]] bool seek(const FrameIndex::Entry& entry);
  [[nodiscard]] bool is_packet(const FrameIndex::Packet& wanted, const AVPacket& packet) const;
  [[nodiscard]] bool is_next(const AVPacket& packet) const;
  [[nodiscard]] bool read_packet();
  void advance();
  void take_frames();
  void place(libav::Frame frame);
  void watch(const AVFrame& frame);
  [[nodiscard]] bool is_doubtful(const ShownFrame& shown) const;
  [[nodiscard]] bool matters(std::int64_t packet) const;
  [[nodiscard]] std::optional<std::int64_t> frame_of(std::int64_t packet) const;
  [[nodiscard]] bool take_turn();
  void renumber();
  [[noreturn]] void fail(const std::string& reason) const;

  Source source_;
  ReadOptions options_;
  PacketDecoder::Options decoder_options_;
  Watchdog watchdog_;
  std::unique_ptr<Demuxer> demuxer_;
  std::unique_ptr<PacketDecoder> decoder_;
  std::shared_ptr<const FrameIndex> index_;
  Policy policy_;
  DisplayOrder order_;
  PictureSizes sizes_;
  libav::Packet packet_;
  libav::Frame spare_;  // for the next frame received
  FrameIndex::Entry began_;
  std::int64_t next_packet_ = 0, last_frame_ = -1;  // last_frame_: the last one received
  bool untouched_ = true;                           // nothing was read since the file was opened
  bool pending_ = false;                            // seek() left the entry's packet in packet_
  bool seeks_ = true;                               // the container's seeking was right so far
  bool drained_ = false, interlaced_ = false;
  bool in_turn_ = false;  // begin() was called: times() may be
  DamageLog damage_;
  std::int64_t inter_ = 0, tapped_inter_ = 0;  // pictures; see watch()
  // Of next_in_turn.
  std::optional<ShownFrame> held_;
  std::int64_t turn_ = 0, first_ = 0;
  // Read since the start of the file, without index, where frames are read in turn.
  std::vector<FrameIndex::Packet> packets_;
  std::vector<std::int64_t> packets_of_frames_, key_frames_;
};

}  // namespace mgm
