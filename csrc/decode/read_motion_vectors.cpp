#include <cmath>
#include <limits>
#include <utility>

#include "decode/frame_stream.hpp"
#include "mgm.hpp"

namespace mgm {
namespace {

std::int32_t sign(float distance) { return (distance > 0) - (distance < 0); }

void append_coded(MotionVectors& rows, const ShownFrame& shown) {
  const MgmPicture* picture = shown.picture();
  if (picture == nullptr || shown.repeated) return;
  for (std::size_t i = 0; i < picture->num_blocks; ++i) {
    const MgmBlock& block = picture->blocks[i];
    if ((block.flags & MGM_BLOCK_INTRA) != 0) continue;
    const float distance = shown.distances[block.reference];
    rows.source.push_back(sign(distance));
    rows.w.push_back(block.w);
    rows.h.push_back(block.h);
    rows.src_x.push_back(
        static_cast<std::int16_t>(block.x + block.motion_x / picture->motion_scale));
    rows.src_y.push_back(
        static_cast<std::int16_t>(block.y + block.motion_y / picture->motion_scale));
    rows.dst_x.push_back(block.x);
    rows.dst_y.push_back(block.y);
    rows.flags.push_back(block.flags & MGM_BLOCK_PUBLIC);
    rows.motion_x.push_back(block.motion_x);
    rows.motion_y.push_back(block.motion_y);
    rows.motion_scale.push_back(picture->motion_scale);
    rows.reference_distance.push_back(distance);
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
  stream.require_vectors();
  MotionVectors rows;
  ShownFrame shown;
  while ((!stop || shown.index + 1 < *stop) && stream.next(shown)) {
    if (shown.index < start) continue;
    append_coded(rows, shown);
    append_frame(rows, shown, stream.demuxer().stream().time_base);
  }
  rows.info = stream.info();
  return rows;
}

}  // namespace mgm
