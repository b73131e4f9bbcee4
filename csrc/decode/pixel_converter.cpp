#include "decode/pixel_converter.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "error.hpp"

extern "C" {
#include <libavutil/opt.h>
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

struct ChromaPosition {
  int x = 0, y = 0;
};

// Of the first chroma sample, in 1/256 of a luma sample of the picture or field, as libav's newer
// scaler derives it.
ChromaPosition chroma_position(int location, const AVPixFmtDescriptor& description, int field) {
  if (location == AVCHROMA_LOC_UNSPECIFIED) location = AVCHROMA_LOC_CENTER;
  ChromaPosition position;
  av_chroma_location_enum_to_pos(&position.x, &position.y, static_cast<AVChromaLocation>(location));
  position.x *= (1 << description.log2_chroma_w) - 1;
  position.y *= (1 << description.log2_chroma_h) - 1;
  if (field == 2) position.y += (256 << description.log2_chroma_h) - 256;
  if (field != 0) position.y /= 2;
  return position;
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

SwsContext* PixelConverter::prepare(const Format& format) {
  Scaler& scaler = scalers_[static_cast<std::size_t>(format.rows)];
  if (scaler.context && format == scaler.format) return scaler.context.get();
  scaler.context.reset(sws_alloc_context());
  SwsContext* context = scaler.context.get();
  if (context == nullptr) throw std::bad_alloc();
  const auto pixel_format = static_cast<AVPixelFormat>(format.pixel_format);
  av_opt_set_int(context, "srcw", format.width, 0);
  av_opt_set_int(context, "srch", format.height, 0);
  av_opt_set_int(context, "dstw", lying_width_, 0);
  av_opt_set_int(context, "dsth", format.out_height, 0);
  av_opt_set_int(context, "sws_flags", SWS_BILINEAR, 0);
  av_opt_set_pixel_fmt(context, "src_format", pixel_format, 0);
  av_opt_set_pixel_fmt(context, "dst_format", bgr_ ? AV_PIX_FMT_BGR24 : AV_PIX_FMT_RGB24, 0);
  if (format.chroma_x >= 0) av_opt_set_int(context, "src_h_chr_pos", format.chroma_x, 0);
  if (format.chroma_y >= 0) av_opt_set_int(context, "src_v_chr_pos", format.chroma_y, 0);
  if (sws_init_context(context, nullptr, nullptr) < 0) {
    scaler.context.reset();
    throw std::bad_alloc();
  }
  // As libav's own tools do, an unspecified matrix is that of BT.601.
  const int matrix =
      format.colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : format.colorspace;
  const bool full = format.range == AVCOL_RANGE_JPEG || is_full_range_format(format.pixel_format);
  sws_setColorspaceDetails(context, sws_getCoefficients(matrix), full ? 1 : 0,
                           sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
  scaler.format = format;
  return context;
}

void PixelConverter::convert_rows(const AVFrame& cropped, Rows rows) {
  const int step = rows == Rows::kFrame ? 1 : 2, first = rows == Rows::kBottomField ? 1 : 0;
  PlanesView view{.width = cropped.width,
                  .height = cropped.height / step,
                  .format = static_cast<AVPixelFormat>(cropped.format)};
  for (std::size_t plane = 0; plane < view.data.size(); ++plane) {
    if (cropped.data[plane] == nullptr) break;
    view.data[plane] = cropped.data[plane] + std::ptrdiff_t{first} * cropped.linesize[plane];
    view.linesize[plane] = step * cropped.linesize[plane];
  }
  const bool scales = view.width != lying_width_ || view.height * step != lying_height_;
  const bool full = is_full_range_format(cropped.format);
  const AVPixFmtDescriptor& description = *av_pix_fmt_desc_get(view.format);
  const ChromaPosition chroma =
      chroma_position(cropped.chroma_location, description, static_cast<int>(rows));
  bool between_rows = description.log2_chroma_h > 0;
  const bool deep = description.comp[0].depth > 8;
  // Only 8-bit pictures of even height have a converter of their own in swscale.
  if (!scales && (deep || view.height % 2 != 0) && ChromaRows::can_double(view.format)) {
    view = chroma_rows_.doubled(view, chroma.y / 64);
    between_rows = false;
  }
  const int out_height = scales ? lying_height_ : view.height;
  SwsContext* context =
      prepare({.width = view.width,
               .height = view.height,
               .out_height = out_height,
               .pixel_format = view.format,
               .colorspace = cropped.colorspace,
               .range = full ? static_cast<int>(AVCOL_RANGE_JPEG) : cropped.color_range,
               .chroma_x = description.log2_chroma_w > 0 ? chroma.x : -1,
               .chroma_y = between_rows ? chroma.y : -1,
               .rows = rows});
  std::uint8_t* const planes[4] = {lying_.data() + static_cast<std::size_t>(first) * stride_,
                                   nullptr, nullptr, nullptr};
  const int strides[4] = {step * static_cast<int>(stride_), 0, 0, 0};
  sws_scale(context, view.data.data(), view.linesize.data(), 0, view.height, planes, strides);
}

void PixelConverter::convert(const AVFrame& frame, std::span<std::uint8_t> rgb) {
  const libav::Frame cropped(av_frame_clone(&frame));
  if (!cropped) throw std::bad_alloc();
  libav::check(av_frame_apply_cropping(cropped.get(), AV_FRAME_CROP_UNALIGNED), "cropping a frame",
               "");
  const bool same_size = cropped->width == lying_width_ && cropped->height == lying_height_;
  const bool fields = (cropped->flags & AV_FRAME_FLAG_INTERLACED) != 0;
  if (fields && same_size && cropped->height % 4 == 0) {
    convert_rows(*cropped, Rows::kTopField);
    convert_rows(*cropped, Rows::kBottomField);
  } else {
    convert_rows(*cropped, Rows::kFrame);
  }
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
