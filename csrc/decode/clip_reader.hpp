#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "decode/frame_policy.hpp"
#include "decode/packet_loop.hpp"
#include "mgm.hpp"

namespace mgm {

// Brings single frames of an open video by number, in rising order, with the least decoding. Starts
// at the nearest key frame, goes on from where it stands when that is closer, and passes over
// pictures that nobody asked for and nothing refers to.
class ClipReader {
 public:
  // What the decoder is for. kPixels: no vectors, with all of options.num_threads; else one thread.
  // kCosts: vectors and the bits of blocks; kEnergy: the energy of their coefficients, too.
  enum class Purpose : std::uint8_t { kVectorsAndPixels, kPixels, kCosts, kEnergy };
  ClipReader(const Source& source, const ReadOptions& options, Purpose purpose);

  // Takes over what another reader of the same file knows of its frames; see PacketLoop.
  void number_as(const ClipReader& other) { loop_.number_as(other.loop_); }
  void learn_from(const ClipReader& other) { loop_.learn_from(other.loop_); }
  // The budget of a new call begins.
  void begin_call(Watchdog::Clock::time_point now) { loop_.begin_call(now); }

  // Leaves no picture on the way unread, so that damage in any of them is told.
  void read_all(bool on) { reads_all_ = on; }
  // Frames to come, sorted by index, each once.
  void plan(std::vector<Wanted> wanted);
  // The next planned frame.
  struct Fetched {
    const ShownFrame* frame = nullptr;  // nullptr: lost
    // For a frame that is lost or damaged: the nearest whole one, with pixels if they are wanted.
    const ShownFrame* stand_in = nullptr;
    bool whole = true;
  };
  [[nodiscard]] Fetched fetch(std::int64_t index);

  // Frames are counted by decoding where the container does not tell.
  [[nodiscard]] const FrameIndex& index();
  // Counts them so in any case, after WrongIndex.
  void recount();
  [[nodiscard]] const PacketLoop& loop() const { return loop_; }
  // Of any frame so far, or on the way to it.
  [[nodiscard]] bool damaged() const { return damaged_; }

 private:
  void recover();
  [[nodiscard]] FrameIndex::Entry entry_before(FrameIndex::Entry entry) const;
  [[nodiscard]] FrameIndex::Entry nearest_entry(std::int64_t index) const;
  [[nodiscard]] bool began_amid();
  void restart(FrameIndex::Entry entry, std::int64_t target);
  void start_at(const FrameIndex::Entry& entry, std::int64_t target);
  [[nodiscard]] FrameIndex::Entry entry_for(std::int64_t index) const;
  [[nodiscard]] bool must_move(std::int64_t index);
  void go_to(std::int64_t index);
  void find_lenders();
  void keep_near(std::int64_t index);
  [[nodiscard]] bool keeps(std::optional<std::int64_t> frame) const;
  [[nodiscard]] bool lacks_vectors() const;
  void read_what_was_left(std::int64_t index);
  void read_to(std::int64_t index);
  [[nodiscard]] bool take_ahead(std::int64_t index);
  [[nodiscard]] bool pop();
  void mend(std::int64_t index);
  void try_entries(std::int64_t index);
  void judge(std::int64_t index);
  [[nodiscard]] bool has_whole(std::int64_t index) const;
  [[nodiscard]] bool will_do(const ShownFrame& shown, std::int64_t index) const;
  [[nodiscard]] const ShownFrame* whole_before(std::int64_t index) const;
  void look_back(std::int64_t index);
  [[nodiscard]] const ShownFrame* find_stand_in(std::int64_t index);
  [[nodiscard]] Treatment treat(std::int64_t packet);

  ReadOptions options_;
  bool pixels_only_, counts_;
  PacketLoop loop_;
  std::vector<Wanted> wanted_;
  // Frames whose vectors wanted ones may need, as far as their order tells, and those that a
  // decoder named.
  std::set<std::int64_t> lenders_, named_lenders_;
  std::int64_t target_ = 0;            // the frame that was asked for at the last seek
  std::int64_t pixels_due_ = 0;        // frames from it on that are wanted with pixels whose
                                       // packets are still to come
  std::optional<ShownFrame> standby_;  // the last whole frame with pixels before current_
  std::optional<ShownFrame> current_;  // the last frame that came out
  std::deque<ShownFrame> ahead_;       // came out, but lie after the frame that was asked for
  // Entries, by packet, that are none; in the midst of a refresh that takes many pictures; and
  // those from which decoding is as good as from before.
  std::set<std::int64_t> false_entries_, bad_entries_, good_entries_;
  bool pixels_ = false;      // some frame is wanted with them
  bool abandoned_ = false;   // an exception ended what was being read
  bool begins_ = true;       // nothing of the plan was fetched yet
  bool positioned_ = false;  // decoder and demuxer stand somewhere known
  bool has_pixels_ = false;  // every picture since the last seek was reconstructed
  bool reads_all_ = false;   // see read_all
  bool has_all_ = false;     // no picture since the last seek was left unread
  bool goes_on_ = false, leaves_unread_ = true;  // see PictureTraits
  std::int64_t keeps_from_ = 0, keeps_to_ = -1;  // frames that may stand in for a lost one
  bool damaged_ = false;
};

}  // namespace mgm
