#include "decode/packet_loop.hpp"

#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "decode/container_index.hpp"
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

PacketLoop::PacketLoop(Source source, const ReadOptions& options,
                       const PacketDecoder::Options& decoder)
    : source_(std::move(source)),
      options_(options),
      decoder_options_(with_limits(decoder, options)),
      watchdog_(options),
      packet_(libav::make_packet()) {
  options_.began = watchdog_.began();
  open();
}

void PacketLoop::begin_call(Watchdog::Clock::time_point now) {
  options_.began = now;
  watchdog_.restart(now);
}

void PacketLoop::open() {
  // The old ones stay where a new one cannot be opened.
  auto demuxer = std::make_unique<Demuxer>(source_, options_, watchdog_);
  decoder_ = std::make_unique<PacketDecoder>(demuxer->stream(), decoder_options_, demuxer->name());
  demuxer_ = std::move(demuxer);
  untouched_ = true;
}

void PacketLoop::reopen() {
  open();
  pending_ = false;
}

void PacketLoop::fail(const std::string& reason) const {
  throw DecodeError(demuxer_->name(), last_frame_ + 1, reason);
}

void PacketLoop::reset(const FrameIndex::Entry& entry) {
  order_.restart(entry.frame);
  held_.reset();
  began_ = entry;
  next_packet_ = entry.packet;
  last_frame_ = entry.frame - 1;
  drained_ = false;
  damage_.restart();
  packets_.clear();
  packets_of_frames_.clear();
  key_frames_.clear();
}

void PacketLoop::rewind() {
  if (!untouched_) open();
  pending_ = false;
  reset({});
}

// Pictures, and headers of another place.
void PacketLoop::forget() {
  if (decoder_->flush()) return;
  if (decoder_->was_told()) {
    open();
  } else {
    decoder_ =
        std::make_unique<PacketDecoder>(demuxer_->stream(), decoder_options_, demuxer_->name());
  }
}

void PacketLoop::start(const FrameIndex::Entry& entry) {
  const HeaderLog* headers = index_ ? index_->headers() : nullptr;
  const bool known = headers == nullptr || headers->knows(entry.packet);
  if (entry.packet == 0 || !seeks_ || !known) {
    rewind();
    return;
  }
  forget();
  pending_ = untouched_ = false;
  seeks_ = seek(entry);
  if (seeks_) {
    pending_ = true;
    if (headers != nullptr) decoder_->precede(headers->before(entry.packet));
    reset(entry);
  } else {
    rewind();  // and decode up to it: slower, never wrong
  }
}

void PacketLoop::advance() {
  watchdog_.check(demuxer_->name(), last_frame_ + 1);
  const bool more = read_packet();
  const std::int64_t number = more ? next_packet_++ : next_packet_;
  if (more) {
    packet_->pts = number;
    if (policy_) {
      const Treatment treatment = policy_(number);
      decoder_->set_mode(treatment.mode);
      if (treatment.skip) damage_.expect_gap(number);
      decoder_->context().skip_frame = treatment.skip ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
    }
  } else {
    drained_ = true;
    if (demuxer_->damaged() || (index_ && number < index_->num_packets())) damage_.add();
  }
  const std::int64_t errors = decoder_->errors();
  decoder_->send(more ? packet_.get() : nullptr);
  take_frames();
  if (decoder_->errors() != errors && matters(number)) damage_.add(number);
  const auto concealed = decoder_->take_damaged();
  if (concealed && matters(*concealed)) damage_.foresee(*concealed);
  if (options_.strict && damaged()) fail("the stream is damaged (strict=True)");
  if (!more) order_.finish();
}

// Codecs whose never-shown pictures share a packet with a shown one.
bool PacketLoop::hides_pictures() const {
  const AVCodecID id = demuxer_->stream().codecpar->codec_id;
  return id == AV_CODEC_ID_VP8 || id == AV_CODEC_ID_VP9 || id == AV_CODEC_ID_AV1;
}

// Codecs whose B pictures may take vectors from others that could be left unread. Of HEVC only
// those are left from which none may.
bool PacketLoop::lends_motion() const {
  const AVCodecID id = demuxer_->stream().codecpar->codec_id;
  return id != AV_CODEC_ID_MPEG1VIDEO && id != AV_CODEC_ID_MPEG2VIDEO && id != AV_CODEC_ID_HEVC;
}

// Codecs whose bits are parsed without what other pictures hold. Their vectors are not.
bool PacketLoop::parses_alone() const {
  const AVCodecID id = demuxer_->stream().codecpar->codec_id;
  return id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC;
}

bool PacketLoop::matters(std::int64_t packet) const {
  const auto frame = frame_of(packet);
  return began_.packet == 0 || !frame || *frame >= began_.frame;
}

std::optional<std::int64_t> PacketLoop::frame_of(std::int64_t packet) const {
  return index_ ? index_->frame_of(packet) : std::nullopt;
}

// Damage lies between the key frame that it is decoded from and itself.
bool PacketLoop::is_doubtful(const ShownFrame& shown) const {
  if (!index_ || !index_->identified()) return damaged();
  return damage_.anywhere() &&
         damage_.between(index_->entry_before(shown.index).packet, shown.packet);
}

void PacketLoop::take_frames() {
  for (;;) {
    if (!spare_) spare_ = libav::make_frame();
    if (!decoder_->receive(*spare_)) return;
    place(std::exchange(spare_, nullptr));
  }
}

void PacketLoop::place(libav::Frame frame) {
  const std::int64_t packet = frame->pts == AV_NOPTS_VALUE ? -1 : frame->pts;
  ShownFrame shown{.packet = packet, .damaged = PacketDecoder::is_damaged(*frame)};
  const bool by_index = index_ && index_->identified();
  if (by_index) {
    auto number = index_->frame_of(packet);
    // One packet may bring two frames.
    const std::int64_t next = last_frame_ + 1;
    const bool second = number && *number < next && next < index_->num_frames() &&
                        index_->packet_of(next) == packet;
    if (second) number = next;
    if (!number || *number < began_.frame) return;
    if (*number < next) {
      if (!damaged() && index_->in_decoding_order()) throw WrongIndex();
      damage_.add();  // a lost picture let others pass
      return;
    }
    std::int64_t lost = next;
    while (lost < *number && !damage_.miss(index_->packet_of(lost))) ++lost;
    shown.index = last_frame_ = *number;
  } else {
    shown.index = ++last_frame_;
    packets_of_frames_.push_back(packet);
  }
  watch(*frame);
  interlaced_ = interlaced_ || (frame->flags & AV_FRAME_FLAG_INTERLACED) != 0;
  if (shown.damaged) damage_.add(packet);
  damage_.reach(packet);
  shown.doubtful = is_doubtful(shown);
  if ((frame->flags & AV_FRAME_FLAG_KEY) != 0) key_frames_.push_back(shown.index);
  shown.frame = std::move(frame);
  const bool by_packet = by_index && !hides_pictures();
  order_.push(std::move(shown), by_packet ? index_.get() : nullptr);
}

void PacketLoop::watch(const AVFrame& frame) {
  const MgmPicture* picture = mgm_picture(&frame);
  if (picture == nullptr) return;
  if (picture->failed != 0) throw std::bad_alloc();
  const bool read = !policy_ && picture->unread == 0 && !decoder_options_.export_rows;
  if (!read || frame.pict_type == AV_PICTURE_TYPE_I || damaged()) return;
  ++inter_;
  tapped_inter_ += picture->tapped;
  if (tapped_inter_ == 0 && inter_ >= kUntappedPictures) {
    throw std::logic_error("the tap of this decoder saw no block: the build is broken");
  }
}

bool PacketLoop::next(ShownFrame& shown) {
  while (!order_.pop(shown)) {
    if (drained_) return false;
    advance();
  }
  sizes_.see(shown.index, *shown.frame);
  return true;
}

}  // namespace mgm
