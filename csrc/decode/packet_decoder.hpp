#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "decode/libav.hpp"
#include "decode/temporal_references.hpp"
#include "mgm.hpp"
#include "taps/tap.h"

namespace mgm {

// libav's names of the codecs whose vectors are read.
std::vector<std::string> vector_codecs();

// Owns a decoder and its tap: packets in, frames out in display order, each with a MgmPicture where
// the codec is tapped. Knows nothing of containers, frame numbers or distances.
class PacketDecoder {
 public:
  struct Options {
    bool vectors = true;       // tap the decoder
    bool vectors_only = true;  // and do not reconstruct pixels
    bool loop_filters = true;  // off: pixels as predictions see them, for oracles
    bool export_rows = false;  // libavcodec's own rows as frame side data
    bool costs = false;        // count the bits of blocks
    bool energy = false;       // and the energy of their coefficients; only with vectors_only
    bool pass_intra = false;   // do not read pictures without vectors, nor tell of damage in them
    std::int64_t max_pixels = std::int64_t{1} << 26;
    int num_threads = 1;  // used only without vectors
  };

  PacketDecoder(const AVStream& stream, const Options& options, std::string path);
  PacketDecoder(const PacketDecoder&) = delete;
  PacketDecoder& operator=(const PacketDecoder&) = delete;
  ~PacketDecoder();

  // Headers that come before the next packet.
  void precede(std::vector<std::uint8_t> headers) { preceding_ = std::move(headers); }
  // nullptr drains. All frames must be received before the next.
  void send(const AVPacket* packet);
  // False when there is none.
  [[nodiscard]] bool receive(AVFrame& frame);
  // Packets and pictures so far that the decoder refused, or that the stream says are missing.
  [[nodiscard]] std::int64_t errors() const { return errors_ + tap_.gaps; }
  // Packet of a picture that was decoded since the last call, and is_damaged though it may come out
  // much later; all frames so far must have been received. Codecs that are tapped tell.
  [[nodiscard]] std::optional<std::int64_t> take_damaged();
  // Part of the frame was lost.
  [[nodiscard]] static bool is_damaged(const AVFrame& frame);
  // Forgets all pictures, before packets from another place. False where something of the packets
  // so far would stay: headers that are not those it was opened with. Then a new decoder must come.
  [[nodiscard]] bool flush();
  // A packet brought what the demuxer tells only once: it must be opened anew as well.
  [[nodiscard]] bool was_told() const { return was_told_; }
  // What to reconstruct of the packets sent from now on; vectors are the same in every mode.
  // kReferences: nothing, where the codec lets us; the pictures keep their place as references.
  enum class Mode : std::uint8_t { kPixels, kVectors, kVectorsWhereUnreferenced, kReferences };
  void set_mode(Mode mode);

  // Whether kReferences leaves blocks unread at all.
  [[nodiscard]] bool leaves_pictures() const {
    return tapped() && tap_.codec->leaves_pictures != 0;
  }
  // Whether vectors were wrong since the last flush, because kReferences left out what they needed.
  [[nodiscard]] bool missed() const { return tap_.missed != 0; }
  // Time of the packet of the picture that they needed.
  [[nodiscard]] std::int64_t missed_packet() const { return tap_.missed_pts; }

  [[nodiscard]] AVCodecContext& context() const { return *context_; }
  // Throws NoMotionVectors when the codec is not tapped.
  void require_vectors() const;
  // Throws DecodeError when the bits of its blocks are not counted, or the energy where it is
  // asked.
  void require_costs() const;
  [[nodiscard]] bool tapped() const { return tap_.codec != nullptr; }

 private:
  void prepare_tap(const Options& options);
  void feed(const AVPacket* packet);

  std::string path_;
  MgmTap tap_{};
  Mode mode_ = Mode::kPixels;
  libav::CodecContext context_;
  std::int64_t errors_ = 0;
  std::uint64_t parameter_sets_ = 0;  // that it was opened with
  bool was_told_ = false;
  std::vector<std::uint8_t> preceding_;
  std::optional<TemporalReferences> order_;  // of MPEG-1 and MPEG-2
};

}  // namespace mgm
