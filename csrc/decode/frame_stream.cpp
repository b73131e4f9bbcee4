#include "decode/frame_stream.hpp"

#include <new>
#include <stdexcept>
#include <utility>

#include "decode/video_info.hpp"
#include "error.hpp"

namespace mgm {
namespace {

// A tap that misses every block of this many undamaged inter pictures is not in the decoder at all.
constexpr std::int64_t kUntappedPictures = 8;

PacketDecoder::Options with_limits(PacketDecoder::Options decoder, const ReadOptions& options) {
  decoder.max_pixels = options.max_pixels;
  return decoder;
}

}  // namespace

FrameStream::FrameStream(Source source, const ReadOptions& options,
                         const PacketDecoder::Options& decoder)
    : options_(options),
      watchdog_(options.interrupt, options.max_seconds),
      demuxer_(std::move(source), options, watchdog_),
      decoder_(demuxer_.stream(), with_limits(decoder, options), demuxer_.name()),
      packet_(libav::make_packet()) {}

void FrameStream::fail(const std::string& reason) const {
  throw DecodeError(demuxer_.name(), frames_, reason);
}

void FrameStream::watch(const AVFrame& frame) {
  if ((frame.flags & AV_FRAME_FLAG_KEY) != 0) key_frames_.push_back(frames_);
  sizes_.see(frames_, frame);
  const MgmPicture* picture = mgm_picture(&frame);
  if (picture != nullptr && picture->failed != 0) throw std::bad_alloc();
  if (picture == nullptr || frame.pict_type == AV_PICTURE_TYPE_I || damaged()) return;
  ++inter_;
  tapped_inter_ += picture->tapped;
  if (tapped_inter_ == 0 && inter_ >= kUntappedPictures) {
    throw std::logic_error("the tap of this decoder saw no block: the build is broken");
  }
}

// The last picture of a delayed stream comes without a packet, and in some codecs without its time.
void FrameStream::complete_time(AVFrame& frame) {
  const bool follows = last_pts_ != AV_NOPTS_VALUE && last_duration_ > 0;
  if (frame.best_effort_timestamp == AV_NOPTS_VALUE && follows && drained_) {
    frame.best_effort_timestamp = last_pts_ + last_duration_;
  }
  last_pts_ = frame.best_effort_timestamp;
  last_duration_ = frame.duration;
}

void FrameStream::receive_all() {
  for (;;) {
    if (!spare_) spare_ = libav::make_frame();
    if (!decoder_.receive(*spare_)) return;
    complete_time(*spare_);
    watch(*spare_);
    ++frames_;
    order_.push(std::exchange(spare_, nullptr));
  }
}

void FrameStream::advance() {
  watchdog_.check(demuxer_.name(), frames_);
  const bool more = demuxer_.read(*packet_);
  drained_ = !more;
  const bool good = decoder_.send(more ? packet_.get() : nullptr);
  if (options_.strict && (!good || damaged())) fail("the stream is damaged (strict=True)");
  receive_all();
  if (options_.strict && damaged()) fail("the stream is damaged (strict=True)");
  if (more) return;
  order_.finish();
  if (frames_ == 0) {
    throw DecodeError(demuxer_.name(), std::nullopt, "no frame could be decoded");
  }
}

bool FrameStream::next(ShownFrame& shown) {
  while (!order_.pop(shown)) {
    if (drained_) return false;
    advance();
  }
  return true;
}

VideoInfo FrameStream::info() const {
  VideoInfo info = describe_stream(demuxer_, options_.rotate);
  info.damaged = damaged();
  info.has_vectors = decoder_.tapped();
  sizes_.describe(info);
  const AVCodecContext& context = decoder_.context();
  describe_format(info, context.codec_id, context.profile, context.pix_fmt);
  if (drained_) {
    info.num_frames = frames_;
    info.key_frames = key_frames_;
  }
  return info;
}

}  // namespace mgm
