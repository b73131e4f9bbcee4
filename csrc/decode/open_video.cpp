#include "decode/open_video.hpp"

#include <algorithm>
#include <limits>
#include <utility>

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

// The frame itself, or what stands in where it never came out.
const ShownFrame& shown_of(const ClipReader::Fetched& fetched) {
  return fetched.frame != nullptr ? *fetched.frame : *fetched.stand_in;
}

}  // namespace

OpenVideo::OpenVideo(const Source& source, const ReadOptions& options, const OutputSize& size)
    : options_(options),
      reader_(source, helper_.watched(options), ClipReader::Purpose::kVectorsAndPixels),
      header_(describe_stream(reader_.loop().demuxer(), options.rotate)),
      frames_(size, ResultLimits(reader_.loop().demuxer().name(), options)) {
  // Two readers would move one position of a file object.
  if (options.num_threads > 1 && !source.read) {
    pixel_reader_.emplace(source, options, ClipReader::Purpose::kPixels);
  }
}

void OpenVideo::begin_call(Watchdog::Clock::time_point now) {
  reader_.begin_call(now);
  if (pixel_reader_) pixel_reader_->begin_call(now);
}

std::vector<double> OpenVideo::frame_seconds() {
  const FrameIndex& index = reader_.index();
  const AVRational time_base = reader_.loop().demuxer().stream().time_base;
  std::vector<double> seconds;
  for (std::int64_t i = 0; i < index.num_frames(); ++i) {
    if (index.pts(i) == kNoPts) return {};
    seconds.push_back(seconds_of(index.pts(i), time_base));
  }
  return seconds;
}

VideoInfo OpenVideo::info() {
  VideoInfo info = header_;
  const FrameIndex& index = reader_.index();
  info.num_frames = index.num_frames();
  info.key_frames = index.key_frames();
  info.reordered = index.reordered();
  describe_rate(info, index);
  reader_.loop().sizes().describe(info);
  if (picture_) {
    info.width = picture_->turned_width();
    info.height = picture_->turned_height();
  }
  const AVCodecContext& context = reader_.loop().decoder().context();
  describe_format(info, context.codec_id, context.profile, context.pix_fmt);
  return info;
}

void OpenVideo::describe(const ClipReader::Fetched& fetched, Clip& clip, std::size_t sample) {
  const AVRational time_base = reader_.loop().demuxer().stream().time_base;
  clip.seconds[sample] = seconds_of(reader_.index().pts(clip.frame_indices[sample]), time_base);
  const ShownFrame& shown = shown_of(fetched);
  clip.picture_types[sample] = av_get_picture_type_char(shown.frame->pict_type);
  clip.stand_in[sample] = fetched.whole ? 0 : 1;
}

ClipReader::Fetched OpenVideo::fetch(ClipReader& reader, std::int64_t index) {
  const ClipReader::Fetched fetched = reader.fetch(index);
  if (fetched.frame == nullptr && fetched.stand_in == nullptr) {
    throw DecodeError(reader.loop().demuxer().name(), index, "no frame could be decoded");
  }
  return fetched;
}

// The size that all frames are given is that of the file's first frame: the header's, unless a
// frame contradicts it. Then the first is read, and what was planned begins anew.
void OpenVideo::measure(const AVFrame& frame, std::vector<Wanted> wanted) {
  if (picture_) return;
  picture_ = geometry_of(frame, header_.rotation, header_.hflip);
  const AVCodecParameters& told = *reader_.loop().demuxer().stream().codecpar;
  if (picture_->crop_width == told.width && picture_->crop_height == told.height) return;
  reader_.plan({{.index = 0}});
  picture_ = geometry_of(*shown_of(fetch(reader_, 0)).frame, header_.rotation, header_.hflip);
  reader_.plan(std::move(wanted));
}

void OpenVideo::read_rows(std::span<const Use> rows, std::span<const Use> samples, bool pixels,
                          FieldWriter& writer, Clip& clip) {
  const auto wanted = plan(rows, samples, pixels);
  reader_.plan(wanted);
  for (const Wanted& want : wanted) {
    ClipReader::Fetched fetched = fetch(reader_, want.index);
    if (!picture_) {
      measure(*shown_of(fetched).frame, wanted);
      fetched = fetch(reader_, want.index);
    }
    writer.start(*picture_);
    const auto rows_here = take_uses(rows, want.index);
    if (fetched.frame != nullptr) write_rows(*fetched.frame, rows_here, writer);
    const auto samples_here = take_uses(samples, want.index);
    for (const Use& sample : samples_here) describe(fetched, clip, sample.place);
    if (!pixels || samples_here.empty()) continue;
    frames_.start(*picture_);
    const ShownFrame* shown = fetched.stand_in != nullptr ? fetched.stand_in : fetched.frame;
    frames_.write(*shown->frame, samples_here, clip);
  }
}

void OpenVideo::read_pixels(std::span<const Use> samples, Clip& clip) {
  const auto wanted = plan({}, samples, true);
  pixel_reader_->plan(wanted);
  for (const Wanted& want : wanted) {
    const ClipReader::Fetched fetched = fetch(*pixel_reader_, want.index);
    const auto samples_here = take_uses(samples, want.index);
    if (fetched.frame != nullptr) frames_.write(*fetched.frame->frame, samples_here, clip);
  }
}

// libavcodec's frame threads do not share the field vectors of a P-picture, which the direct mode
// of MPEG-4's interlaced B-pictures needs. As far as is known by now.
bool OpenVideo::threads_are_right() const {
  const PacketLoop& loop = reader_.loop();
  const bool interlaced = loop.is_interlaced() || pixel_reader_->loop().is_interlaced();
  return !interlaced || loop.demuxer().stream().codecpar->codec_id != AV_CODEC_ID_MPEG4;
}

void OpenVideo::read_both(std::span<const Use> rows, std::span<const Use> samples,
                          FieldWriter& writer, Clip& clip) {
  pixel_reader_->number_as(reader_);
  frames_.start(*picture_);
  helper_.start([&] { read_rows(rows, samples, false, writer, clip); });
  try {
    read_pixels(samples, clip);
  } catch (...) {
    helper_.stop();
    throw;
  }
  helper_.finish();
}

Clip OpenVideo::read_clip(std::span<const std::int64_t> frame_indices, const ClipOptions& options) {
  Clip clip;
  const std::int64_t count = num_frames();  // may open anew: the old name goes
  clip.frame_indices = absolute_indices(frame_indices, count, reader_.loop().demuxer().name());
  clip.seconds.assign(frame_indices.size(), std::numeric_limits<double>::quiet_NaN());
  clip.picture_types.assign(frame_indices.size(), '?');
  clip.stand_in.assign(frame_indices.size(), 0);
  RowSelection selection =
      select_rows(clip.frame_indices, num_frames(), reader_.index().key_frames(), options.window);
  const std::vector<Use> rows = sorted_uses(selection.row_frames);
  const std::vector<Use> samples = sorted_uses(clip.frame_indices);
  FieldWriter writer(header_.rotation, header_.hflip, options.cell,
                     ResultLimits(reader_.loop().demuxer().name(), options_));
  writer.resize(static_cast<std::int64_t>(rows.size()));
  // The first clip tells the size.
  const bool both = options.pixels && pixel_reader_ && picture_ && threads_are_right();
  // What decodes pixels on many threads has no tap, and sees less of what is damaged.
  reader_.read_all(both);
  if (both) read_both(rows, samples, writer, clip);
  if (!both || !threads_are_right()) read_rows(rows, samples, options.pixels, writer, clip);
  clip.damaged = reader_.damaged() || (pixel_reader_ && pixel_reader_->damaged());
  clip.field = writer.take();
  clip.field.row_frames = std::move(selection.row_frames);
  clip.field.sample_offsets = std::move(selection.sample_offsets);
  return clip;
}

}  // namespace mgm
