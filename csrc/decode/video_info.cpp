#include "decode/video_info.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "decode/container_index.hpp"
#include "decode/frame_index.hpp"
#include "decode/packet_decoder.hpp"
#include "error.hpp"
#include "taps/tap.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace mgm {
namespace {

struct Orientation {
  int rotation = 0;  // degrees clockwise
  bool hflip = false;
};

// The matrix maps (x, y) to (a x + c y, b x + d y). The turn is read off the second coordinate,
// which a mirror in the first does not touch.
Orientation orientation(const std::int32_t* m) {
  const double a = m[0], b = m[1], c = m[3], d = m[4];
  Orientation result;
  const bool transposed = std::abs(b) > std::abs(d);
  if (transposed) {
    result.rotation = b > 0 ? 90 : 270;
    result.hflip = (b > 0) == (c > 0);
  } else {
    result.rotation = d >= 0 ? 0 : 180;
    result.hflip = (d >= 0) != (a >= 0);
  }
  return result;
}

Orientation orientation(const AVCodecParameters& codec) {
  const AVPacketSideData* side = av_packet_side_data_get(
      codec.coded_side_data, codec.nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  if (side == nullptr || side->size < 9 * sizeof(std::int32_t)) return {};
  return orientation(reinterpret_cast<const std::int32_t*>(side->data));
}

double duration(const Demuxer& demuxer) {
  const AVStream& stream = demuxer.stream();
  if (stream.duration != AV_NOPTS_VALUE) return seconds_of(stream.duration, stream.time_base);
  const std::int64_t whole = demuxer.context().duration;
  return whole == AV_NOPTS_VALUE ? 0.0 : static_cast<double>(whole) / AV_TIME_BASE;
}

// Sides of the turned picture, from those before turning; the rotation must be known.
void describe_size(VideoInfo& info, int width, int height) {
  const bool across = info.rotation % 180 != 0;
  info.width = across ? height : width;
  info.height = across ? width : height;
}

}  // namespace

double seconds_of(std::int64_t pts, AVRational time_base) {
  static_assert(kNoPts == AV_NOPTS_VALUE);
  return pts == AV_NOPTS_VALUE ? std::numeric_limits<double>::quiet_NaN()
                               : static_cast<double>(pts) * av_q2d(time_base);
}

void describe_format(VideoInfo& info, AVCodecID codec, int profile, AVPixelFormat format) {
  if (const char* name = avcodec_profile_name(codec, profile)) info.profile = name;
  if (const char* name = av_get_pix_fmt_name(format)) info.pixel_format = name;
}

void describe_rate(VideoInfo& info, const FrameIndex& index) {
  // Times are rounded: the header's rate is the better one where they agree.
  constexpr double kSame = 0.01;
  const std::int64_t count = index.num_frames();
  if (info.container.find("mp4") != std::string::npos || count < 3) return;
  const std::int64_t first = index.pts(0), last = index.pts(count - 1);
  if (first == kNoPts || last == kNoPts) return;
  const AVRational time_base{info.time_base[0], info.time_base[1]};
  // Times may be any 64 bits.
  const auto end = static_cast<double>(last), start = static_cast<double>(first);
  const double ticks = end - start + (end - static_cast<double>(index.pts(count - 2)));
  const double seconds = ticks * av_q2d(time_base);
  if (seconds <= 0) return;
  const double rate = static_cast<double>(count) / seconds;
  if (std::abs(rate - info.average_fps) > kSame * rate) info.average_fps = rate;
}

VideoInfo describe_stream(const Demuxer& demuxer, bool rotate) {
  const AVStream& stream = demuxer.stream();
  const AVCodecParameters& codec = *stream.codecpar;
  VideoInfo info;
  info.codec = avcodec_get_name(codec.codec_id);
  info.container = demuxer.context().iformat->name;
  describe_format(info, codec.codec_id, codec.profile, static_cast<AVPixelFormat>(codec.format));
  const Orientation turn = rotate ? orientation(codec) : Orientation{};
  info.rotation = turn.rotation;
  info.hflip = turn.hflip;
  describe_size(info, codec.width, codec.height);
  if (stream.nb_frames > 0) info.num_frames = stream.nb_frames;
  const AVRational rate =
      stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
  info.average_fps = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0.0;
  info.duration_seconds = duration(demuxer);
  info.time_base = {stream.time_base.num, stream.time_base.den};
  // The container's, else the stream's own.
  AVRational aspect = stream.sample_aspect_ratio;
  if (aspect.num <= 0 || aspect.den <= 0) aspect = codec.sample_aspect_ratio;
  if (aspect.num <= 0 || aspect.den <= 0) aspect = {1, 1};
  if (info.rotation % 180 != 0) std::swap(aspect.num, aspect.den);
  info.sample_aspect_ratio = {aspect.num, aspect.den};
  info.has_vectors = mgm_codec(codec.codec_id) != nullptr;
  return info;
}

namespace {

bool may_hold_fields(const Demuxer& demuxer, const ReadOptions& options) {
  const AVCodecID id = demuxer.stream().codecpar->codec_id;
  if (id != AV_CODEC_ID_H264 && id != AV_CODEC_ID_MPEG2VIDEO) return false;
  return may_hold_fields(
      PacketDecoder(demuxer.stream(), {.max_pixels = options.max_pixels}, demuxer.name()));
}

}  // namespace

VideoInfo probe(Source source, const ReadOptions& options) {
  const Watchdog watchdog(options);
  const Demuxer demuxer(std::move(source), options, watchdog);
  VideoInfo info = describe_stream(demuxer, options.rotate);
  if (std::int64_t{info.width} * info.height > options.max_pixels) {
    throw DecodeError(demuxer.name(), std::nullopt,
                      "pictures of " + std::to_string(info.width) + "x" +
                          std::to_string(info.height) +
                          ", more than max_pixels=" + std::to_string(options.max_pixels));
  }
  auto packets = list_packets(demuxer);
  if (!packets) return info;
  // Its header lists packets; which of them are shown, and whether all are frames, it may not tell.
  FrameIndex index(std::move(*packets), false);
  const bool told = index.number_by_times() && !may_hold_fields(demuxer, options);
  info.num_frames = told ? std::optional(index.num_frames()) : std::nullopt;
  return info;
}

}  // namespace mgm
