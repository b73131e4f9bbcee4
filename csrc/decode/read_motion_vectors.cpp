#include <utility>

#include "decode/frame_stream.hpp"
#include "decode/result_limits.hpp"
#include "decode/vector_rows.hpp"
#include "decode/video_info.hpp"
#include "mgm.hpp"

namespace mgm {
namespace {

// Of all columns.
constexpr std::int64_t kRowBytes = 4 + 2 + 4 * 2 + 8 + 2 * 4 + 2 + 4;

void append_frame(MotionVectors& rows, const ShownFrame& shown, const AVRational& time_base) {
  const AVFrame& frame = *shown.frame;
  const std::int64_t pts = frame.best_effort_timestamp;
  rows.offsets.push_back(static_cast<std::int64_t>(rows.w.size()));
  rows.picture_types.push_back(av_get_picture_type_char(frame.pict_type));
  rows.pts.push_back(pts == AV_NOPTS_VALUE ? kNoPts : pts);
  rows.seconds.push_back(seconds_of(pts, time_base));
  rows.key_frames.push_back((frame.flags & AV_FRAME_FLAG_KEY) != 0 ? 1 : 0);
}

}  // namespace

MotionVectors read_motion_vectors(Source source, const ReadOptions& options, Blocks blocks,
                                  std::int64_t start, std::optional<std::int64_t> stop) {
  FrameStream stream(std::move(source), options,
                     {.vectors_only = options.vectors_only,
                      .export_rows = blocks == Blocks::kLibavcodec,
                      .pass_intra = !options.strict});
  stream.decoder().require_vectors();
  const ResultLimits limits(stream.demuxer().name(), options);
  MotionVectors rows;
  ShownFrame shown;
  while ((!stop || shown.index + 1 < *stop) && stream.next(shown)) {
    if (shown.index < start) continue;
    append_rows(rows, shown, blocks);
    const auto bytes = static_cast<std::int64_t>(rows.w.size()) * kRowBytes;
    limits.check_vectors(bytes, start, shown.index);
    append_frame(rows, shown, stream.demuxer().stream().time_base);
  }
  rows.info = stream.info();
  return rows;
}

}  // namespace mgm
