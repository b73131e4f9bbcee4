#include "decode/pixel_converter.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "error.hpp"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace mgm {
namespace {

constexpr int kChannels = 3;
constexpr std::size_t kAlignment = 64;

// The full-range twins of the formats that carry their range in their name.
bool is_full_range_format(int format) {
  return format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P ||
         format == AV_PIX_FMT_YUVJ444P || format == AV_PIX_FMT_YUVJ440P ||
         format == AV_PIX_FMT_YUVJ411P;
}

}  // namespace

PixelConverter::PixelConverter(const Output& output)
    : width_(output.width),
      height_(output.height),
      rotation_(output.rotation),
      hflip_(output.hflip),
      bgr_(output.bgr),
      lying_width_(rotation_ % 180 != 0 ? height_ : width_),
      lying_height_(rotation_ % 180 != 0 ? width_ : height_),
      stride_((static_cast<std::size_t>(lying_width_) * kChannels + 2 * kAlignment - 1) /
              kAlignment * kAlignment),
      lying_(stride_ * static_cast<std::size_t>(lying_height_) + kAlignment) {}

void PixelConverter::prepare(const AVFrame& cropped) {
  const Format format{.width = cropped.width,
                      .height = cropped.height,
                      .pixel_format = cropped.format,
                      .colorspace = cropped.colorspace,
                      .range = cropped.color_range};
  if (context_ && format == format_) return;
  context_.reset(sws_getContext(cropped.width, cropped.height,
                                static_cast<AVPixelFormat>(cropped.format), lying_width_,
                                lying_height_, bgr_ ? AV_PIX_FMT_BGR24 : AV_PIX_FMT_RGB24,
                                SWS_BILINEAR, nullptr, nullptr, nullptr));
  if (!context_) throw std::bad_alloc();
  // As libav's own tools do, an unspecified matrix is that of BT.601.
  const int matrix =
      cropped.colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : cropped.colorspace;
  const bool full = cropped.color_range == AVCOL_RANGE_JPEG || is_full_range_format(cropped.format);
  sws_setColorspaceDetails(context_.get(), sws_getCoefficients(matrix), full ? 1 : 0,
                           sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
  format_ = format;
}

void PixelConverter::convert(const AVFrame& frame, std::span<std::uint8_t> rgb) {
  const libav::Frame cropped(av_frame_clone(&frame));
  if (!cropped) throw std::bad_alloc();
  libav::check(av_frame_apply_cropping(cropped.get(), AV_FRAME_CROP_UNALIGNED), "cropping a frame",
               "");
  prepare(*cropped);
  std::uint8_t* const planes[4] = {lying_.data(), nullptr, nullptr, nullptr};
  const int strides[4] = {static_cast<int>(stride_), 0, 0, 0};
  sws_scale(context_.get(), cropped->data, cropped->linesize, 0, cropped->height, planes, strides);
  if (rotation_ == 0 && !hflip_) {
    copy(rgb);
  } else {
    turn(rgb);
  }
}

void PixelConverter::copy(std::span<std::uint8_t> rgb) const {
  const std::size_t line = static_cast<std::size_t>(lying_width_) * kChannels;
  for (std::size_t y = 0; y < static_cast<std::size_t>(lying_height_); ++y) {
    std::memcpy(rgb.data() + y * line, lying_.data() + y * stride_, line);
  }
}

// The source of each upright pixel: mirrored back first, then turned back.
void PixelConverter::turn(std::span<std::uint8_t> rgb) const {
  std::uint8_t* out = rgb.data();
  for (int y = 0; y < height_; ++y) {
    for (int column = 0; column < width_; ++column) {
      const int x = hflip_ ? width_ - 1 - column : column;
      int from_x = x, from_y = y;
      if (rotation_ == 90) {
        from_x = y;
        from_y = width_ - 1 - x;
      } else if (rotation_ == 180) {
        from_x = width_ - 1 - x;
        from_y = height_ - 1 - y;
      } else if (rotation_ == 270) {
        from_x = height_ - 1 - y;
        from_y = x;
      }
      const std::uint8_t* pixel = lying_.data() + static_cast<std::size_t>(from_y) * stride_ +
                                  static_cast<std::size_t>(from_x) * kChannels;
      out = std::copy_n(pixel, kChannels, out);
    }
  }
}

}  // namespace mgm
