#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "decode/chroma_rows.hpp"
#include "decode/libav.hpp"

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
  // What of a picture is converted.
  enum class Rows : std::uint8_t { kFrame, kTopField, kBottomField };
  // What a context was made for; remade when the stream changes.
  struct Format {
    int width = 0, height = 0, out_height = 0, pixel_format = -1, colorspace = -1, range = -1;
    int chroma_x = -1, chroma_y = -1;  // in 1/256 luma sample; -1: not subsampled
    Rows rows = Rows::kFrame;
    bool operator==(const Format&) const = default;
  };
  struct Scaler {
    Format format;
    std::unique_ptr<SwsContext, FreeSws> context;
  };

  // Converts a picture, or each of its two fields by itself.
  void convert_rows(const AVFrame& cropped, Rows rows);
  [[nodiscard]] SwsContext* prepare(const Format& format);
  void copy(std::span<std::uint8_t> rgb) const;
  void turn(std::span<std::uint8_t> rgb) const;

  int width_, height_, rotation_;
  bool hflip_, bgr_;
  std::array<Scaler, 3> scalers_;  // by Rows
  ChromaRows chroma_rows_;
  int lying_width_, lying_height_;  // before turning
  std::size_t stride_;
  // swscale writes whole vectors past the end of a line, so it never writes into the result.
  std::vector<std::uint8_t> lying_;
};

}  // namespace mgm
