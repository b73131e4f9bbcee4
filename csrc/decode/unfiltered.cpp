#include "decode/unfiltered.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

#include "decode/frame_stream.hpp"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace mgm {
namespace {

std::vector<std::uint16_t> copy_luma(const AVFrame& frame) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  const auto width = static_cast<std::size_t>(frame.width);
  std::vector<std::uint16_t> luma(width * static_cast<std::size_t>(frame.height));
  std::array<const std::uint8_t*, 4> planes{};
  std::copy_n(std::begin(frame.data), planes.size(), planes.begin());
  for (int y = 0; y < frame.height; ++y) {
    av_read_image_line(&luma[static_cast<std::size_t>(y) * width], planes.data(), frame.linesize,
                       format, 0, y, 0, frame.width, 0);
  }
  return luma;
}

UnfilteredPicture copy(const AVFrame& frame, const MgmPicture& picture) {
  UnfilteredPicture out{.serial = picture.serial,
                        .width = frame.width,
                        .height = frame.height,
                        .motion_scale = picture.motion_scale,
                        .luma = copy_luma(frame),
                        .blocks = {}};
  for (const MgmBlock& block : std::span(picture.blocks, picture.num_blocks)) {
    const bool intra = (block.flags & MGM_BLOCK_INTRA) != 0;
    out.blocks.push_back({.x = block.x,
                          .y = block.y,
                          .w = block.w,
                          .h = block.h,
                          .flags = block.flags,
                          .reference = intra ? -1 : picture.references[block.reference].serial,
                          .motion_x = block.motion_x,
                          .motion_y = block.motion_y});
  }
  return out;
}

}  // namespace

std::vector<UnfilteredPicture> decode_unfiltered(Source source, const ReadOptions& options) {
  FrameStream stream(std::move(source), options, {.vectors_only = false, .loop_filters = false});
  stream.decoder().require_vectors();
  std::vector<UnfilteredPicture> pictures;
  ShownFrame shown;
  while (stream.next(shown)) {
    const MgmPicture* picture = shown.picture();
    if (picture != nullptr && !shown.repeated) pictures.push_back(copy(*shown.frame, *picture));
  }
  return pictures;
}

}  // namespace mgm
