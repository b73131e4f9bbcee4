#include <cmath>
#include <cstdint>

#include "decode/frame_stream.hpp"

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
  if (stream.duration != AV_NOPTS_VALUE) {
    return static_cast<double>(stream.duration) * av_q2d(stream.time_base);
  }
  const std::int64_t whole = demuxer.context().duration;
  return whole == AV_NOPTS_VALUE ? 0.0 : static_cast<double>(whole) / AV_TIME_BASE;
}

}  // namespace

VideoInfo describe_stream(const Demuxer& demuxer, bool rotate) {
  const AVStream& stream = demuxer.stream();
  const AVCodecParameters& codec = *stream.codecpar;
  VideoInfo info;
  info.codec = avcodec_get_name(codec.codec_id);
  if (const char* name = avcodec_profile_name(codec.codec_id, codec.profile)) info.profile = name;
  if (const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(codec.format))) {
    info.pixel_format = name;
  }
  const Orientation turn = rotate ? orientation(codec) : Orientation{};
  info.rotation = turn.rotation;
  info.hflip = turn.hflip;
  const bool across = turn.rotation % 180 != 0;
  info.width = across ? codec.height : codec.width;
  info.height = across ? codec.width : codec.height;
  if (stream.nb_frames > 0) info.num_frames = stream.nb_frames;
  const AVRational rate =
      stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
  info.average_fps = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0.0;
  info.duration_seconds = duration(demuxer);
  info.time_base = {stream.time_base.num, stream.time_base.den};
  AVRational aspect = codec.sample_aspect_ratio;
  if (aspect.num <= 0 || aspect.den <= 0) aspect = {1, 1};
  info.sample_aspect_ratio = {across ? aspect.den : aspect.num, across ? aspect.num : aspect.den};
  info.has_vectors = mgm_codec(codec.codec_id) != nullptr;
  return info;
}

VideoInfo probe(Source source, const ReadOptions& options) {
  return describe_stream(Demuxer(std::move(source), options), options.rotate);
}

}  // namespace mgm
