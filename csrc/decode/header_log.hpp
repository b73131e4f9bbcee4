#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "decode/libav.hpp"

namespace mgm {

// Headers that stand in packets and change amid a stream: parameter sets of H.264 and HEVC, VOLs of
// MPEG-4, sequence headers of MPEG-1 and MPEG-2. Where a key picture does not repeat them, decoding
// can begin there only with the last ones before it. Takes 1 MiB and some at most.
class HeaderLog {
 public:
  explicit HeaderLog(const AVCodecParameters& codec);

  enum class Kind : std::uint8_t { kHeader, kOther, kPicture };
  // Of a unit, by what follows its start code or length.
  [[nodiscard]] Kind kind_of(std::uint8_t code) const;
  // Before each unit; 0: start codes, or a codec without such headers.
  [[nodiscard]] std::size_t length_bytes() const { return length_bytes_; }
  // The first bytes of a packet, up to its first picture at least, or the headers among them.
  // Packets come in turn.
  void see(std::int64_t packet, std::span<const std::uint8_t> data);
  // False where headers change more often than is kept: then nobody can tell what comes before.
  [[nodiscard]] bool knows(std::int64_t packet) const { return packet <= end_; }
  // What to decode before a packet where decoding begins with it; empty: what the decoder is opened
  // with.
  [[nodiscard]] std::vector<std::uint8_t> before(std::int64_t packet) const;

 private:
  using Bytes = std::vector<std::uint8_t>;
  // Indices in units_, in the order in which a decoder must see them.
  using State = std::vector<std::int32_t>;
  struct Change {
    std::int64_t packet;
    State units;  // that the packet brought
  };

  [[nodiscard]] std::vector<std::span<const std::uint8_t>> headers_of(
      std::span<const std::uint8_t> data) const;
  [[nodiscard]] std::int32_t number_of(std::span<const std::uint8_t> unit);
  void bring(State& state, const State& units) const;

  AVCodecID codec_;
  std::size_t length_bytes_ = 0;  // before each unit; 0: start codes
  std::vector<Bytes> units_;
  State first_, last_;  // after the first packet and after the last one
  std::vector<Change> changes_;
  std::size_t bytes_ = 0;
  std::int64_t end_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace mgm
