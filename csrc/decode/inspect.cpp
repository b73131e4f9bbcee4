#include "decode/inspect.hpp"

#include <limits>
#include <utility>

#include "decode/packet_loop.hpp"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace mgm {
namespace {

void append_blocks(Inspection& out, const ShownFrame& shown) {
  const MgmPicture* picture = shown.picture();
  const std::size_t count = picture == nullptr || shown.repeated ? 0 : picture->num_blocks;
  for (std::size_t i = 0; i < count; ++i) {
    const MgmBlock& block = picture->blocks[i];
    const bool intra = (block.flags & MGM_BLOCK_INTRA) != 0;
    out.x.push_back(block.x);
    out.y.push_back(block.y);
    out.w.push_back(block.w);
    out.h.push_back(block.h);
    out.flags.push_back(block.flags);
    out.motion_x.push_back(block.motion_x);
    out.motion_y.push_back(block.motion_y);
    out.motion_scale.push_back(picture->motion_scale);
    const bool known = !intra && block.reference < shown.distances.size();
    out.reference.push_back(known ? picture->references[block.reference].serial : -1);
    out.distance.push_back(known ? shown.distances[block.reference]
                                 : std::numeric_limits<float>::quiet_NaN());
  }
  out.offsets.push_back(static_cast<std::int64_t>(out.w.size()));
  out.serial.push_back(picture == nullptr ? -1 : picture->serial);
}

struct Plane {
  const std::uint8_t* data;
  std::ptrdiff_t linesize, width, height;
};

void append(std::vector<std::uint8_t>& out, const Plane& plane) {
  for (std::ptrdiff_t y = 0; y < plane.height; ++y) {
    const std::uint8_t* start = plane.data + y * plane.linesize;
    out.insert(out.end(), start, start + plane.width);
  }
}

void append_luma(Inspection& out, const AVFrame& frame) {
  const std::ptrdiff_t width = static_cast<std::ptrdiff_t>(out.width) * out.sample_bytes;
  append(out.luma, {frame.data[0], frame.linesize[0], width, out.height});
}

void append_chroma(Inspection& out, const AVFrame& frame) {
  const std::ptrdiff_t width = static_cast<std::ptrdiff_t>(out.chroma_width) * out.sample_bytes;
  for (int i = 1; i < 3; ++i) {
    append(out.chroma, {frame.data[i], frame.linesize[i], width, out.chroma_height});
  }
}

void measure(Inspection& out, const AVFrame& frame) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  out.width = frame.width;
  out.height = frame.height;
  const bool planar = format != nullptr && format->nb_components == 3 && frame.data[2] != nullptr;
  out.chroma_width = planar ? AV_CEIL_RSHIFT(frame.width, format->log2_chroma_w) : 0;
  out.chroma_height = planar ? AV_CEIL_RSHIFT(frame.height, format->log2_chroma_h) : 0;
  out.sample_bytes = format != nullptr && format->comp[0].depth > 8 ? 2 : 1;
}

}  // namespace

Inspection inspect(Source source, const ReadOptions& options, const InspectOptions& what) {
  PacketLoop loop(std::move(source), options,
                  {.vectors = what.vectors,
                   .vectors_only = options.vectors_only,
                   .loop_filters = what.loop_filters});
  Inspection out;
  for (ShownFrame shown; loop.next(shown); ++out.frames) {
    const AVFrame& frame = *shown.frame;
    if (out.frames == 0) measure(out, frame);
    if (frame.width != out.width || frame.height != out.height) break;
    append_blocks(out, shown);
    if (what.luma) append_luma(out, frame);
    if (what.luma && out.chroma_width > 0) append_chroma(out, frame);
  }
  return out;
}

}  // namespace mgm
