#include "video_reader.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

#include "decode/clip_frames.hpp"
#include "decode/clip_plan.hpp"
#include "decode/clip_reader.hpp"
#include "decode/field_writer.hpp"
#include "decode/frame_stream.hpp"
#include "decode/helper_thread.hpp"
#include "decode/video_info.hpp"
#include "error.hpp"

namespace mgm {
namespace {

void write_rows(const ShownFrame& shown, std::span<const Use> rows, FieldWriter& writer) {
  for (const Use& row : rows) {
    const auto place = static_cast<std::int64_t>(row.place);
    if (row.place == rows.front().place) {
      writer.write(place, shown);
    } else {
      writer.copy(static_cast<std::int64_t>(rows.front().place), place);
    }
  }
}

}  // namespace

class VideoReader::Impl {
 public:
  Impl(Source source, const ReadOptions& options, const OutputSize& size);

  [[nodiscard]] Clip read_clip(std::span<const std::int64_t> frame_indices,
                               const ClipOptions& options);
  // Throws NoMotionVectors when the codec is not tapped.
  void require_vectors() const { reader_.decoder().require_vectors(); }
  [[nodiscard]] std::int64_t num_frames() { return reader_.num_frames(); }
  // Seconds of every frame, where the container has them; else empty.
  [[nodiscard]] std::vector<double> frame_seconds();
  [[nodiscard]] VideoInfo info();

 private:
  [[nodiscard]] std::vector<std::int64_t> key_frames();
  [[nodiscard]] std::vector<std::int64_t> absolute(std::span<const std::int64_t> indices);
  [[nodiscard]] ClipReader::Fetched fetch(ClipReader& reader, std::int64_t index);
  // The two halves of a clip: rows of the field with, if asked for, the frames; frames alone.
  void read_rows(std::span<const Use> rows, std::span<const Use> samples, bool pixels,
                 FieldWriter& writer, Clip& clip);
  void read_pixels(std::span<const Use> samples, Clip& clip);
  void read_both(std::span<const Use> rows, std::span<const Use> samples, FieldWriter& writer,
                 Clip& clip);
  void note(const ShownFrame& shown, Clip& clip, std::size_t sample);

  ReadOptions options_;
  HelperThread helper_;
  ClipReader reader_;
  // Its own decoder on many threads, beside the one that reads vectors on a thread of its own.
  std::optional<ClipReader> pixel_reader_;
  VideoInfo header_;
  ClipFrames frames_;
};

VideoReader::Impl::Impl(Source source, const ReadOptions& options, const OutputSize& size)
    : options_(options),
      reader_(source, helper_.watched(options), ClipReader::Purpose::kVectorsAndPixels),
      header_(describe_stream(reader_.demuxer(), options.rotate)),
      frames_(size, header_.rotation, header_.hflip,
              ResultLimits(reader_.demuxer().name(), options)) {
  // Two readers would move one position of a file object.
  if (options.num_threads > 1 && !source.read) {
    pixel_reader_.emplace(source, options, ClipReader::Purpose::kPixels);
  }
}

std::vector<std::int64_t> VideoReader::Impl::key_frames() {
  const FrameIndex& index = reader_.index();
  if (!index.exact()) return {0};
  std::vector<std::int64_t> keys;
  for (const FrameIndex::Key& key : index.keys()) keys.push_back(key.index);
  return keys;
}

std::vector<double> VideoReader::Impl::frame_seconds() {
  const FrameIndex& index = reader_.index();
  std::vector<double> seconds;
  if (!index.exact()) return seconds;
  const AVRational time_base = reader_.demuxer().stream().time_base;
  for (std::int64_t i = 0; i < index.num_frames(); ++i) {
    seconds.push_back(seconds_of(index.pts(i), time_base));
  }
  return seconds;
}

VideoInfo VideoReader::Impl::info() {
  VideoInfo info = header_;
  if (reader_.index().exact()) {
    info.num_frames = reader_.num_frames();
    info.key_frames = key_frames();
    info.reordered = reader_.index().reordered();
  }
  info.damaged = reader_.damaged() || (pixel_reader_ && pixel_reader_->damaged());
  reader_.sizes().describe(info);
  if (frames_.picture_width() > 0) {
    info.width = frames_.picture_width();
    info.height = frames_.picture_height();
  }
  const AVCodecContext& context = reader_.decoder().context();
  describe_format(info, context.codec_id, context.profile, context.pix_fmt);
  return info;
}

std::vector<std::int64_t> VideoReader::Impl::absolute(std::span<const std::int64_t> indices) {
  const std::int64_t count = reader_.num_frames();
  std::vector<std::int64_t> result(indices.begin(), indices.end());
  for (std::int64_t& index : result) {
    if (index < -count || index >= count) {
      throw std::out_of_range("frame index " + std::to_string(index) +
                              " is out of range: " + reader_.demuxer().name() + " has " +
                              std::to_string(count) + " frames");
    }
    if (index < 0) index += count;
  }
  return result;
}

void VideoReader::Impl::note(const ShownFrame& shown, Clip& clip, std::size_t sample) {
  const AVRational time_base = reader_.demuxer().stream().time_base;
  clip.seconds[sample] = seconds_of(shown.frame->best_effort_timestamp, time_base);
  clip.picture_types[sample] = av_get_picture_type_char(shown.frame->pict_type);
}

ClipReader::Fetched VideoReader::Impl::fetch(ClipReader& reader, std::int64_t index) {
  const ClipReader::Fetched fetched = reader.fetch(index);
  const std::string& name = reader.demuxer().name();
  if (fetched.frame == nullptr) throw DecodeError(name, index, "no frame could be decoded");
  if (!fetched.found && options_.strict) {
    throw DecodeError(name, index, "the frame is missing from a damaged stream (strict=True)");
  }
  return fetched;
}

void VideoReader::Impl::read_rows(std::span<const Use> rows, std::span<const Use> samples,
                                  bool pixels, FieldWriter& writer, Clip& clip) {
  const auto wanted = plan(rows, samples, pixels);
  reader_.plan(wanted);
  for (const ClipReader::Wanted& want : wanted) {
    const ClipReader::Fetched fetched = fetch(reader_, want.index);
    writer.start(*fetched.frame->frame);
    const auto rows_here = take_uses(rows, want.index);
    if (fetched.found) write_rows(*fetched.frame, rows_here, writer);
    const auto samples_here = take_uses(samples, want.index);
    for (const Use& sample : samples_here) note(*fetched.frame, clip, sample.place);
    if (pixels) frames_.write(*fetched.frame->frame, samples_here, clip);
  }
}

void VideoReader::Impl::read_pixels(std::span<const Use> samples, Clip& clip) {
  const auto wanted = plan({}, samples, true);
  pixel_reader_->plan(wanted);
  for (const ClipReader::Wanted& want : wanted) {
    const ClipReader::Fetched fetched = fetch(*pixel_reader_, want.index);
    frames_.write(*fetched.frame->frame, take_uses(samples, want.index), clip);
  }
}

void VideoReader::Impl::read_both(std::span<const Use> rows, std::span<const Use> samples,
                                  FieldWriter& writer, Clip& clip) {
  pixel_reader_->learn_from(reader_);
  helper_.start([&] { read_rows(rows, samples, false, writer, clip); });
  try {
    read_pixels(samples, clip);
  } catch (...) {
    helper_.stop();
    throw;
  }
  helper_.finish();
}

Clip VideoReader::Impl::read_clip(std::span<const std::int64_t> frame_indices,
                                  const ClipOptions& options) {
  if (frame_indices.empty()) throw std::invalid_argument("frame_indices must not be empty");
  Clip clip;
  clip.frame_indices = absolute(frame_indices);
  clip.seconds.assign(frame_indices.size(), std::numeric_limits<double>::quiet_NaN());
  clip.picture_types.assign(frame_indices.size(), '?');
  RowSelection selection =
      select_rows(clip.frame_indices, reader_.num_frames(), key_frames(), options.window);
  const std::vector<Use> rows = sorted_uses(selection.row_frames);
  const std::vector<Use> samples = sorted_uses(clip.frame_indices);
  FieldWriter writer(header_.rotation, header_.hflip, options.cell,
                     ResultLimits(reader_.demuxer().name(), options_));
  writer.resize(static_cast<std::int64_t>(rows.size()));
  if (options.pixels && pixel_reader_) {
    read_both(rows, samples, writer, clip);
  } else {
    read_rows(rows, samples, options.pixels, writer, clip);
  }
  clip.field = writer.take();
  clip.field.row_frames = std::move(selection.row_frames);
  clip.field.sample_offsets = std::move(selection.sample_offsets);
  return clip;
}

VideoReader::VideoReader(Source source, const ReadOptions& options, const OutputSize& size)
    : impl_(std::make_unique<Impl>(std::move(source), options, size)) {}

VideoReader::~VideoReader() = default;

Clip VideoReader::read_clip(std::span<const std::int64_t> frame_indices,
                            const ClipOptions& options) {
  return impl_->read_clip(frame_indices, options);
}

void VideoReader::require_vectors() const { impl_->require_vectors(); }

std::int64_t VideoReader::num_frames() { return impl_->num_frames(); }

std::vector<double> VideoReader::frame_seconds() { return impl_->frame_seconds(); }

VideoInfo VideoReader::info() { return impl_->info(); }

}  // namespace mgm
