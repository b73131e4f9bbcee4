#include <algorithm>
#include <deque>
#include <memory>
#include <numeric>
#include <utility>

#include "decode/field_writer.hpp"
#include "decode/file_parts.hpp"
#include "decode/video_info.hpp"
#include "decode/video_reader.hpp"

namespace mgm {
namespace {

FieldOfFile with_rows(MotionField field, VideoInfo info) {
  field.row_frames.resize(static_cast<std::size_t>(field.rows));
  std::iota(field.row_frames.begin(), field.row_frames.end(), 0);
  field.sample_offsets.resize(static_cast<std::size_t>(field.rows) + 1);
  std::iota(field.sample_offsets.begin(), field.sample_offsets.end(), 0);
  return {.field = std::move(field), .info = std::move(info)};
}

bool are_alike(const MotionField& one, const MotionField& other) {
  return one.cell == other.cell && one.width == other.width && one.height == other.height;
}

template <class T>
void append(Column<T>& column, const Column<T>& more) {
  std::copy_n(more.data(), more.size(), column.extend(more.size()));
}

void append(MotionField& field, const MotionField& more) {
  append(field.vectors, more.vectors);
  append(field.coded, more.coded);
  field.cuts.insert(field.cuts.end(), more.cuts.begin(), more.cuts.end());
  field.rows += more.rows;
}

// nullopt: it must be read in one go.
std::optional<FieldOfFile> read_in_parts(const Source& source,
                                         const PacketDecoder::Options& decoder,
                                         const std::vector<FilePart>& parts,
                                         std::optional<int> cell, PacketLoop& loop) {
  const VideoInfo header = describe_stream(loop.demuxer(), loop.options().rotate);
  ReadOptions share = loop.options();
  share.max_bytes /= std::ssize(parts);
  std::deque<FieldWriter> writers;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    writers.emplace_back(header.rotation, header.hflip, cell,
                         ResultLimits(loop.demuxer().name(), share));
  }
  auto info = read_parts(source, decoder, parts, loop,
                         [&](std::size_t i, const ShownFrame& shown) { writers[i].append(shown); });
  if (!info) return std::nullopt;
  MotionField field = writers.front().take();
  for (writers.pop_front(); !writers.empty(); writers.pop_front()) {
    const MotionField more = writers.front().take();
    if (!are_alike(field, more)) return std::nullopt;
    append(field, more);
  }
  return with_rows(std::move(field), std::move(*info));
}

}  // namespace

FieldOfFile read_motion_field(const Source& source, const ReadOptions& options,
                              std::optional<int> cell) {
  const PacketDecoder::Options decoder{.vectors_only = options.vectors_only,
                                       .pass_intra = !options.strict};
  auto loop = std::make_unique<PacketLoop>(source, options, decoder);
  loop->decoder().require_vectors();
  const VideoInfo header = describe_stream(loop->demuxer(), options.rotate);
  loop->number_by_container();
  const auto index = loop->shared_index();
  if (const auto parts = split_file(*loop, source); parts.size() > 1) {
    if (auto read = read_in_parts(source, decoder, parts, cell, *loop)) return std::move(*read);
    loop = std::make_unique<PacketLoop>(source, options, decoder);
    loop->number_as(index);
  }
  FieldWriter writer(header.rotation, header.hflip, cell,
                     ResultLimits(loop->demuxer().name(), options));
  loop->begin(0);
  ShownFrame shown;
  while (loop->next_in_turn(shown)) writer.append(shown);
  return with_rows(writer.take(), loop->info());
}

}  // namespace mgm
