#pragma once

#include <optional>
#include <span>
#include <utility>

#include "decode/clip.hpp"
#include "decode/clip_plan.hpp"
#include "decode/pixel_converter.hpp"
#include "decode/result_limits.hpp"
#include "field/motion_field.hpp"

namespace mgm {

// Puts decoded frames into clips as RGB. All frames of all clips have one size, which the picture
// of the file's first frame decides.
class ClipFrames {
 public:
  ClipFrames(const OutputSize& size, ResultLimits limits)
      : size_(size), limits_(std::move(limits)) {}

  // Fixes the size, once, before anything is written. Throws DecodeError beyond the limits.
  void start(const PictureGeometry& picture);

  // Converts a frame once, for all samples that want it; the clip's first frame makes room for all.
  // Throws DecodeError beyond the limits.
  void write(const AVFrame& frame, std::span<const Use> samples, Clip& clip);

 private:
  void convert(const AVFrame& frame, std::size_t sample, Clip& clip);

  OutputSize size_;
  ResultLimits limits_;
  std::optional<PixelConverter> converter_;
  int width_ = 0, height_ = 0;
};

}  // namespace mgm
