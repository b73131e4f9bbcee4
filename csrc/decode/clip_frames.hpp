#pragma once

#include <optional>
#include <span>

#include "decode/clip_plan.hpp"
#include "decode/pixel_converter.hpp"
#include "decode/result_limits.hpp"
#include "video_reader.hpp"

namespace mgm {

// Puts decoded frames into clips as RGB. All frames of all clips have one size, which the first of
// them decides.
class ClipFrames {
 public:
  ClipFrames(const OutputSize& size, int rotation, bool hflip, ResultLimits limits);

  // Converts a frame once, for all samples that want it; the clip's first frame makes room for all.
  // Throws DecodeError beyond the limits.
  void write(const AVFrame& frame, std::span<const Use> samples, Clip& clip);

  // Of the turned picture; 0 before the first frame.
  [[nodiscard]] int picture_width() const { return picture_width_; }
  [[nodiscard]] int picture_height() const { return picture_height_; }

 private:
  void start(const AVFrame& frame);
  void convert(const AVFrame& frame, std::size_t sample, Clip& clip);

  OutputSize size_;
  int rotation_;
  bool hflip_;
  ResultLimits limits_;
  std::optional<PixelConverter> converter_;
  int picture_width_ = 0, picture_height_ = 0;
  int width_ = 0, height_ = 0;
};

}  // namespace mgm
