#include <numeric>
#include <utility>

#include "decode/field_writer.hpp"
#include "decode/packet_loop.hpp"
#include "decode/video_info.hpp"
#include "decode/video_reader.hpp"

namespace mgm {

FieldOfFile read_motion_field(Source source, const ReadOptions& options, std::optional<int> cell) {
  PacketLoop loop(std::move(source), options,
                  {.vectors_only = options.vectors_only, .pass_intra = !options.strict});
  loop.decoder().require_vectors();
  const VideoInfo header = describe_stream(loop.demuxer(), options.rotate);
  FieldWriter writer(header.rotation, header.hflip, cell,
                     ResultLimits(loop.demuxer().name(), options));
  loop.number_by_container();
  loop.begin(0);
  ShownFrame shown;
  std::int64_t rows = 0;
  for (; loop.next_in_turn(shown); ++rows) writer.append(shown);
  FieldOfFile result{.field = writer.take(), .info = loop.info()};
  result.field.row_frames.resize(static_cast<std::size_t>(rows));
  std::iota(result.field.row_frames.begin(), result.field.row_frames.end(), 0);
  result.field.sample_offsets.resize(static_cast<std::size_t>(rows) + 1);
  std::iota(result.field.sample_offsets.begin(), result.field.sample_offsets.end(), 0);
  return result;
}

}  // namespace mgm
