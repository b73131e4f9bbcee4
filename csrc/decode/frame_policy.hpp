#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "decode/packet_decoder.hpp"

namespace mgm {

// What to bring of a frame.
enum class Want : std::uint8_t { kVectors, kPixels };
struct Wanted {
  std::int64_t index = 0;
  Want want = Want::kVectors;
};

// Where in a clip the picture of a packet lies.
struct PicturePlace {
  std::optional<std::int64_t> frame;  // display index; nullopt: hidden, or known only once decoded
  std::int64_t pixels_due = 0;        // frames wanted with pixels whose packets are still to come
  bool lends_motion = false;          // a wanted frame may take vectors from it
};

// What of a stream and its reader decides how its packets are decoded.
struct PictureTraits {
  bool pixels_only = false;     // the decoder is there for pixels alone
  bool hides_pictures = false;  // a dropped frame could tell where a hidden picture belongs
  bool interlaced = false;      // a frame's second field may be in the packet after its own
  bool goes_on = false;         // clips follow each other, so that their ends need pixels, too
  bool has_stand_in = false;    // a frame with pixels is there, should a wanted one be lost
  bool leaves_unread = true;    // blocks of frames that nobody wants may stay unread
  bool keeps = false;           // the frame may have to stand in for a lost one
};

struct Treatment {
  PacketDecoder::Mode mode = PacketDecoder::Mode::kPixels;
  bool skip = false;  // if no other picture refers to it
};

// How to decode a packet's picture. wants: of the clip, rising; at least one.
[[nodiscard]] Treatment frame_policy(const PicturePlace& place, std::span<const Wanted> wants,
                                     const PictureTraits& traits);

[[nodiscard]] std::optional<Want> want_of(std::span<const Wanted> wants, std::int64_t frame);

}  // namespace mgm
