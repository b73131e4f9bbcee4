#include <algorithm>
#include <memory>
#include <utility>

#include "decode/file_parts.hpp"
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

template <class T>
void append(Column<T>& column, const Column<T>& more) {
  std::copy_n(more.data(), more.size(), column.extend(more.size()));
}

template <class T>
void append(T& rows, const T& more) {
  rows.insert(rows.end(), more.begin(), more.end());
}

void append(MotionVectors& rows, const MotionVectors& more) {
  const auto before = static_cast<std::int64_t>(rows.w.size());
  for (std::size_t i = 1; i < more.offsets.size(); ++i) {
    rows.offsets.push_back(before + more.offsets[i]);
  }
  append(rows.source, more.source);
  append(rows.w, more.w);
  append(rows.h, more.h);
  append(rows.src_x, more.src_x);
  append(rows.src_y, more.src_y);
  append(rows.dst_x, more.dst_x);
  append(rows.dst_y, more.dst_y);
  append(rows.flags, more.flags);
  append(rows.motion_x, more.motion_x);
  append(rows.motion_y, more.motion_y);
  append(rows.motion_scale, more.motion_scale);
  append(rows.reference_distance, more.reference_distance);
  append(rows.picture_types, more.picture_types);
  append(rows.key_frames, more.key_frames);
}

void add_times(MotionVectors& rows, AVRational time_base) {
  for (const std::int64_t pts : rows.pts) rows.seconds.push_back(seconds_of(pts, time_base));
}

class Limit {
 public:
  Limit(const PacketLoop& loop, const ReadOptions& options)
      : limits_(loop.demuxer().name(), options) {}

  void append(MotionVectors& rows, const ShownFrame& shown, Blocks blocks,
              std::int64_t first) const {
    append_rows(rows, shown, blocks);
    const auto bytes = static_cast<std::int64_t>(rows.w.size()) * kRowBytes;
    limits_.check_vectors(bytes, first, shown.index);
    append_frame(rows, shown);
  }

 private:
  ResultLimits limits_;
};

// nullopt: it must be read in one go.
std::optional<MotionVectors> read_in_parts(const Source& source,
                                           const PacketDecoder::Options& decoder,
                                           const std::vector<FilePart>& parts, Blocks blocks,
                                           PacketLoop& loop) {
  ReadOptions share = loop.options();
  share.max_bytes /= std::ssize(parts);
  const Limit limit(loop, share);
  std::vector<MotionVectors> pieces(parts.size());
  auto info = read_parts(source, decoder, parts, loop, [&](std::size_t i, const ShownFrame& shown) {
    limit.append(pieces[i], shown, blocks, parts[i].first);
  });
  if (!info) return std::nullopt;
  MotionVectors rows = std::move(pieces.front());
  for (std::size_t i = 1; i < pieces.size(); ++i) append(rows, std::exchange(pieces[i], {}));
  const FrameIndex& index = *loop.index();
  for (std::size_t frame = 0; frame + 1 < rows.offsets.size(); ++frame) {
    rows.pts.push_back(index.pts(static_cast<std::int64_t>(frame)));
  }
  add_times(rows, loop.demuxer().stream().time_base);
  rows.info = std::move(*info);
  return rows;
}

}  // namespace

MotionVectors read_motion_vectors(const Source& source, const ReadOptions& options, Blocks blocks,
                                  std::int64_t start, std::optional<std::int64_t> stop) {
  const PacketDecoder::Options decoder{.vectors_only = options.vectors_only,
                                       .export_rows = blocks == Blocks::kLibavcodec,
                                       .pass_intra = !options.strict};
  auto loop = std::make_unique<PacketLoop>(source, options, decoder);
  loop->decoder().require_vectors();
  loop->number_by_container();
  const auto index = loop->shared_index();
  const bool whole = start == 0 && !stop;
  if (const auto parts = split_file(*loop, source); whole && parts.size() > 1) {
    if (auto read = read_in_parts(source, decoder, parts, blocks, *loop)) return std::move(*read);
    loop = std::make_unique<PacketLoop>(source, options, decoder);
    loop->number_as(index);
  }
  loop->begin(start);
  const Limit limit(*loop, options);
  MotionVectors rows;
  ShownFrame shown;
  for (std::int64_t frame = start; (!stop || frame < *stop) && loop->next_in_turn(shown); ++frame) {
    limit.append(rows, shown, blocks, start);
  }
  rows.pts = loop->times();
  add_times(rows, loop->demuxer().stream().time_base);
  rows.info = loop->info();
  return rows;
}

}  // namespace mgm
