#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "decode/frame_stream.hpp"
#include "mgm.hpp"

namespace mgm {
namespace {

std::int32_t sign(float distance) { return (distance > 0) - (distance < 0); }

// libavcodec says only which list; the distance may disagree with it, or be unknown.
std::int32_t listed_source(std::uint8_t flags) { return (flags & MGM_BLOCK_LIST1) != 0 ? 1 : -1; }

bool is_vector(const MgmBlock& block) { return (block.flags & MGM_BLOCK_INTRA) == 0; }

void resize(MotionVectors& rows, std::size_t size) {
  rows.source.resize(size);
  rows.w.resize(size);
  rows.h.resize(size);
  rows.src_x.resize(size);
  rows.src_y.resize(size);
  rows.dst_x.resize(size);
  rows.dst_y.resize(size);
  rows.flags.resize(size);
  rows.motion_x.resize(size);
  rows.motion_y.resize(size);
  rows.motion_scale.resize(size);
  rows.reference_distance.resize(size);
}

void append_rows(MotionVectors& rows, const ShownFrame& shown, Blocks kind) {
  const MgmPicture* picture = shown.picture();
  const bool exported = kind == Blocks::kLibavcodec;
  if (picture == nullptr || (shown.repeated && !exported)) return;
  const std::span blocks(picture->blocks, picture->num_blocks);
  std::size_t row = rows.w.size();
  resize(rows, row + static_cast<std::size_t>(std::ranges::count_if(blocks, is_vector)));
  const int scale = picture->motion_scale;
  for (const MgmBlock& block : blocks) {
    if (!is_vector(block)) continue;
    const float distance = block.reference < shown.distances.size()
                               ? shown.distances[block.reference]
                               : std::numeric_limits<float>::quiet_NaN();
    rows.source[row] = exported ? listed_source(block.flags) : sign(distance);
    rows.w[row] = block.w;
    rows.h[row] = block.h;
    rows.src_x[row] = static_cast<std::int16_t>(block.x + block.motion_x / scale);
    rows.src_y[row] = static_cast<std::int16_t>(block.y + block.motion_y / scale);
    rows.dst_x[row] = block.x;
    rows.dst_y[row] = block.y;
    rows.flags[row] = exported ? 0 : block.flags & MGM_BLOCK_PUBLIC;
    rows.motion_x[row] = block.motion_x;
    rows.motion_y[row] = block.motion_y;
    rows.motion_scale[row] = picture->motion_scale;
    rows.reference_distance[row] = distance;
    ++row;
  }
}

void append_frame(MotionVectors& rows, const ShownFrame& shown, const AVRational& time_base) {
  const AVFrame& frame = *shown.frame;
  const std::int64_t pts = frame.best_effort_timestamp;
  const bool known = pts != AV_NOPTS_VALUE;
  rows.offsets.push_back(static_cast<std::int64_t>(rows.w.size()));
  rows.picture_types.push_back(av_get_picture_type_char(frame.pict_type));
  rows.pts.push_back(known ? pts : kNoPts);
  rows.seconds.push_back(known ? static_cast<double>(pts) * av_q2d(time_base)
                               : std::numeric_limits<double>::quiet_NaN());
  rows.key_frames.push_back((frame.flags & AV_FRAME_FLAG_KEY) != 0 ? 1 : 0);
}

}  // namespace

MotionVectors read_motion_vectors(Source source, const ReadOptions& options, Blocks blocks,
                                  std::int64_t start, std::optional<std::int64_t> stop) {
  FrameStream stream(
      std::move(source), options,
      {.vectors_only = options.vectors_only, .export_rows = blocks == Blocks::kLibavcodec});
  stream.decoder().require_vectors();
  MotionVectors rows;
  ShownFrame shown;
  while ((!stop || shown.index + 1 < *stop) && stream.next(shown)) {
    if (shown.index < start) continue;
    append_rows(rows, shown, blocks);
    append_frame(rows, shown, stream.demuxer().stream().time_base);
  }
  rows.info = stream.info();
  return rows;
}

}  // namespace mgm
