#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "libav.hpp"

extern "C" {
#include <libswscale/swscale.h>
}

namespace mgm {

// Owns a swscale context: decoded frames in, upright RGB of one fixed size out, colour matrix and
// range as the stream says, scaling and conversion in one step.
class PixelConverter {
 public:
  struct Output {
    int width = 0, height = 0;  // after turning
    int rotation = 0;           // clockwise in degrees
    bool hflip = false;         // then mirrored
    bool bgr = false;           // blue first
  };
  explicit PixelConverter(const Output& output);

  // Fills rgb [height, width, 3] from a frame whose cropping was not applied yet.
  void convert(const AVFrame& frame, std::span<std::uint8_t> rgb);

 private:
  struct FreeSws {
    void operator()(SwsContext* context) const noexcept { sws_freeContext(context); }
  };
  // What the context was made for; remade when the stream changes.
  struct Format {
    int width = 0, height = 0, pixel_format = -1, colorspace = -1, range = -1;
    bool operator==(const Format&) const = default;
  };

  void prepare(const AVFrame& cropped);
  void copy(std::span<std::uint8_t> rgb) const;
  void turn(std::span<std::uint8_t> rgb) const;

  int width_, height_, rotation_;
  bool hflip_, bgr_;
  Format format_;
  std::unique_ptr<SwsContext, FreeSws> context_;
  int lying_width_, lying_height_;  // before turning
  std::size_t stride_;
  // swscale writes whole vectors past the end of a line, so it never writes into the result.
  std::vector<std::uint8_t> lying_;
};

}  // namespace mgm
