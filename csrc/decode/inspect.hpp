#pragma once

#include <cstdint>
#include <vector>

#include "mgm.hpp"

namespace mgm {

// A whole decode laid open, for oracles and measurements: every block with all of its flags, intra
// areas included, and the luma that predictions were made from.
struct Inspection {
  std::int64_t frames = 0;               // M
  std::vector<std::int64_t> offsets{0};  // [M + 1]: rows of frame i
  std::vector<std::int64_t> serial;      // [M]: MgmPicture.serial; -1: none
  std::vector<std::int16_t> x, y;        // centre, pixels of the coded picture
  std::vector<std::uint8_t> w, h, flags;
  std::vector<std::int32_t> motion_x, motion_y;
  std::vector<std::uint16_t> motion_scale;
  std::vector<std::int64_t> reference;  // serial of the picture referred to; -1: unknown, or intra
  std::vector<float> distance;          // display frames; NaN: unknown, or intra
  std::vector<std::uint8_t> luma;       // [M, height, width * sample_bytes]; empty unless asked for
  std::vector<std::uint8_t> chroma;  // [M, 2, chroma_height, chroma_width * sample_bytes]; likewise
  int width = 0, height = 0;         // of the first coded picture
  int chroma_width = 0, chroma_height = 0;
  int sample_bytes = 1;  // 2: little-endian
};

struct InspectOptions {
  bool vectors = true;       // tap the decoder
  bool loop_filters = true;  // off: pixels as predictions see them
  bool luma = false;         // keep it, and chroma
};

// Up to the first change of picture size.
[[nodiscard]] Inspection inspect(Source source, const ReadOptions& options,
                                 const InspectOptions& what);

}  // namespace mgm
