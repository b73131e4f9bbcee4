#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "decode/libav.hpp"

namespace mgm {

// A planar picture, or one field of it, that somebody else owns.
struct PlanesView {
  std::array<const std::uint8_t*, 4> data{};
  std::array<int, 4> linesize{};
  int width = 0, height = 0;
  AVPixelFormat format = AV_PIX_FMT_NONE;
};

// Brings 4:2:0 pictures of 8 to 12 bits to 4:2:2 of 16 bits, each chroma row interpolated between
// the two nearest of the source without rounding. swscale, when it need not scale, takes the
// nearest or the mean of two instead.
class ChromaRows {
 public:
  [[nodiscard]] static bool can_double(AVPixelFormat format);
  // position: of the first chroma row, in quarters of a luma row, 0 to 4. The result lives until
  // the next call.
  [[nodiscard]] PlanesView doubled(const PlanesView& source, int position);

 private:
  std::array<std::vector<std::uint16_t>, 3> planes_;
};

}  // namespace mgm
