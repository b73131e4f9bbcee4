#include "decode/clip_frames.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

namespace mgm {
namespace {

// Sides of the RGB frames, at least 1; the longer one follows the aspect of the turned picture, and
// may be longer than an int holds.
std::pair<std::int64_t, std::int64_t> output_size(const OutputSize& size, int height, int width) {
  if (size.height && size.width) return {*size.height, *size.width};
  if (!size.short_side) return {height, width};
  const double scale = static_cast<double>(*size.short_side) / std::min(height, width);
  const auto side = [&](int length) {
    return std::max<std::int64_t>(1, std::llround(scale * length));
  };
  const std::int64_t short_side = *size.short_side;
  return height <= width ? std::pair{short_side, side(width)} : std::pair{side(height), short_side};
}

void copy_pixels(Clip& clip, std::size_t from, std::size_t to) {
  const auto bytes = static_cast<std::size_t>(clip.height * clip.width * 3);
  std::copy_n(clip.frames.get() + from * bytes, bytes, clip.frames.get() + to * bytes);
}

}  // namespace

void ClipFrames::start(const PictureGeometry& picture) {
  if (converter_) return;
  const int picture_height = picture.turned_height(), picture_width = picture.turned_width();
  const auto [height, width] = output_size(size_, picture_height, picture_width);
  limits_.check_frame(height, width, picture_height, picture_width);
  height_ = static_cast<int>(height);
  width_ = static_cast<int>(width);
  converter_.emplace(PixelConverter::Output{
      .width = width_, .height = height_, .rotation = picture.rotation, .hflip = picture.hflip});
}

void ClipFrames::convert(const AVFrame& frame, std::size_t sample, Clip& clip) {
  const auto bytes = static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_) * 3;
  if (!clip.frames) {
    const std::size_t whole = bytes * clip.frame_indices.size();
    limits_.check_clip(static_cast<std::int64_t>(whole), clip.frame_indices[sample]);
    clip.height = height_;
    clip.width = width_;
    clip.frames = std::make_unique_for_overwrite<std::uint8_t[]>(whole);
  }
  converter_->convert(frame, {clip.frames.get() + sample * bytes, bytes});
}

void ClipFrames::write(const AVFrame& frame, std::span<const Use> samples, Clip& clip) {
  for (const Use& sample : samples) {
    if (sample.place == samples.front().place) {
      convert(frame, sample.place, clip);
    } else {
      copy_pixels(clip, samples.front().place, sample.place);
    }
  }
}

}  // namespace mgm
