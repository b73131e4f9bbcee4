#include <utility>

#include "decode/packet_loop.hpp"
#include "decode/result_limits.hpp"
#include "decode/vector_rows.hpp"
#include "decode/video_info.hpp"
#include "mgm.hpp"

namespace mgm {
namespace {

// Of all columns.
constexpr std::int64_t kRowBytes = 4 + 2 + 4 * 2 + 8 + 2 * 4 + 2 + 4;

void append_frame(MotionVectors& rows, const ShownFrame& shown) {
  rows.offsets.push_back(static_cast<std::int64_t>(rows.w.size()));
  const bool lost = !shown.frame;
  rows.picture_types.push_back(lost ? '?' : av_get_picture_type_char(shown.frame->pict_type));
  rows.key_frames.push_back(!lost && (shown.frame->flags & AV_FRAME_FLAG_KEY) != 0 ? 1 : 0);
}

}  // namespace

MotionVectors read_motion_vectors(Source source, const ReadOptions& options, Blocks blocks,
                                  std::int64_t start, std::optional<std::int64_t> stop) {
  PacketLoop loop(std::move(source), options,
                  {.vectors_only = options.vectors_only,
                   .export_rows = blocks == Blocks::kLibavcodec,
                   .pass_intra = !options.strict});
  loop.decoder().require_vectors();
  loop.number_by_container();
  loop.begin(start);
  const ResultLimits limits(loop.demuxer().name(), options);
  MotionVectors rows;
  ShownFrame shown;
  for (std::int64_t frame = start; (!stop || frame < *stop) && loop.next_in_turn(shown); ++frame) {
    append_rows(rows, shown, blocks);
    const auto bytes = static_cast<std::int64_t>(rows.w.size()) * kRowBytes;
    limits.check_vectors(bytes, start, frame);
    append_frame(rows, shown);
  }
  rows.pts = loop.times();
  const AVRational time_base = loop.demuxer().stream().time_base;
  for (const std::int64_t pts : rows.pts) {
    rows.seconds.push_back(seconds_of(pts, time_base));
  }
  rows.info = loop.info();
  return rows;
}

}  // namespace mgm
