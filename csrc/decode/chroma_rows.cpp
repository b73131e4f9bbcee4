#include "decode/chroma_rows.hpp"

#include <algorithm>
#include <span>

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace mgm {
namespace {

constexpr int kBits = 16;
constexpr int kEighths = 3;  // weights are multiples of 1/8: three bits more

template <class Sample>
std::span<const Sample> row_of(const PlanesView& source, std::size_t plane, int y, int width) {
  const std::uint8_t* start =
      source.data[plane] + static_cast<std::ptrdiff_t>(y) * source.linesize[plane];
  return {reinterpret_cast<const Sample*>(start), static_cast<std::size_t>(width)};
}

template <class Sample>
void copy_luma(const PlanesView& source, int depth, std::uint16_t* to) {
  for (int y = 0; y < source.height; ++y) {
    for (const Sample sample : row_of<Sample>(source, 0, y, source.width)) {
      *to++ = static_cast<std::uint16_t>(sample << (kBits - depth));
    }
  }
}

template <class Sample>
void double_chroma(const PlanesView& source, std::size_t plane, int depth, int position,
                   std::uint16_t* to) {
  const int width = (source.width + 1) / 2, height = (source.height + 1) / 2;
  for (int y = 0; y < source.height; ++y) {
    const int nearest = y / 2;
    const bool odd = y % 2 != 0;
    const int other = std::clamp(odd ? nearest + 1 : nearest - 1, 0, height - 1);
    const auto weight = static_cast<std::uint32_t>(odd ? 4 - position : position);
    const auto near = row_of<Sample>(source, plane, nearest, width);
    const auto far = row_of<Sample>(source, plane, other, width);
    for (std::size_t x = 0; x < near.size(); ++x) {
      const std::uint32_t sum = near[x] * (8 - weight) + far[x] * weight;
      *to++ = static_cast<std::uint16_t>(sum << (kBits - kEighths - depth));
    }
  }
}

}  // namespace

bool ChromaRows::can_double(AVPixelFormat format) {
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(format);
  if (description == nullptr || description->nb_components != 3) return false;
  constexpr std::uint64_t kOther = AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL;
  return description->log2_chroma_h == 1 && description->log2_chroma_w == 1 &&
         (description->flags & kOther) == 0 && (description->flags & AV_PIX_FMT_FLAG_PLANAR) != 0 &&
         av_pix_fmt_count_planes(format) == 3 && description->comp[0].shift == 0 &&
         description->comp[0].depth <= kBits - kEighths;
}

PlanesView ChromaRows::doubled(const PlanesView& source, int position) {
  const int depth = av_pix_fmt_desc_get(source.format)->comp[0].depth;
  const int chroma_width = (source.width + 1) / 2;
  PlanesView result{.width = source.width, .height = source.height, .format = AV_PIX_FMT_YUV422P16};
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const int width = plane == 0 ? source.width : chroma_width;
    planes_[plane].resize(static_cast<std::size_t>(width) *
                          static_cast<std::size_t>(source.height));
    std::uint16_t* to = planes_[plane].data();
    if (plane == 0) {
      depth > 8 ? copy_luma<std::uint16_t>(source, depth, to)
                : copy_luma<std::uint8_t>(source, depth, to);
    } else {
      depth > 8 ? double_chroma<std::uint16_t>(source, plane, depth, position, to)
                : double_chroma<std::uint8_t>(source, plane, depth, position, to);
    }
    result.data[plane] = reinterpret_cast<const std::uint8_t*>(to);
    result.linesize[plane] = 2 * width;
  }
  return result;
}

}  // namespace mgm
