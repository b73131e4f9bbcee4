#include "decode/clip_reader.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "decode/frame_stream.hpp"
#include "taps/tap.h"

namespace mgm {
namespace {

// A key frame that a seek misses by more packets than this is not worth searching for.
constexpr int kMostSearched = 4096;

// Codecs whose never-shown pictures share a packet, and so its pts, with a shown one.
bool hides_pictures(const Demuxer& demuxer) {
  const AVCodecID id = demuxer.stream().codecpar->codec_id;
  return id == AV_CODEC_ID_VP8 || id == AV_CODEC_ID_VP9 || id == AV_CODEC_ID_AV1;
}

// False as well for referenced pictures that only their vectors were wanted of.
bool has_pixels(const ShownFrame& shown) {
  const MgmPicture* picture = shown.picture();
  return picture == nullptr || (!picture->vectors_only && !picture->vectors_only_unreferenced);
}

}  // namespace

ClipReader::ClipReader(const Source& source, const ReadOptions& options, Purpose purpose)
    : source_(source),
      options_(options),
      purpose_(purpose),
      watchdog_(options.interrupt, options.max_seconds),
      packet_(libav::make_packet()) {
  open();
}

void ClipReader::open() {
  // The old ones stay where a new one cannot be opened.
  auto demuxer = std::make_unique<Demuxer>(source_, options_, watchdog_);
  const bool vectors = purpose_ == Purpose::kVectorsAndPixels;
  decoder_ =
      std::make_unique<PacketDecoder>(demuxer->stream(),
                                      PacketDecoder::Options{.vectors = vectors,
                                                             .vectors_only = false,
                                                             .max_pixels = options_.max_pixels,
                                                             .num_threads = options_.num_threads},
                                      demuxer->name());
  demuxer_ = std::move(demuxer);
}

// After an exception nobody knows where the demuxer and the decoder stand.
void ClipReader::recover() {
  if (!abandoned_) return;
  open();
  packet_pending_ = false;
  positioned_ = false;
  abandoned_ = false;
}

void ClipReader::learn_from(ClipReader& other) {
  if (!index_) index_ = other.index();
  if (!counted_ && !index_->exact()) counted_ = other.num_frames();
}

const FrameIndex& ClipReader::index() {
  if (!index_) {
    recover();
    abandoned_ = true;
    bool rewound = true;
    auto index = FrameIndex::read(*demuxer_, rewound);
    if (!rewound) open();
    index_ = std::move(index);
    abandoned_ = false;
  }
  return *index_;
}

std::int64_t ClipReader::num_frames() {
  if (index().exact()) return index_->num_frames();
  if (!counted_) {
    FrameStream stream(source_, options_, {.vectors_only = true});
    ShownFrame shown;
    std::int64_t count = 0;
    while (stream.next(shown)) ++count;
    counted_ = count;
  }
  return *counted_;
}

void ClipReader::plan(std::span<const Wanted> wanted) {
  wanted_ = wanted;
  num_pixels_ = 0;
  for (const Wanted& one : wanted) {
    if (one.want != Want::kPixels) continue;
    ++num_pixels_;
    last_pixels_ = one.index;
  }
  pixels_due_ = num_pixels_;
  watchdog_.restart();
}

// Decoding begins at frame `index`.
void ClipReader::restart(std::int64_t index) {
  order_.restart(index);
  positioned_ = true;
  drained_ = false;
  has_pixels_ = true;
  pixels_due_ = num_pixels_;
  sent_ = -1;
  standby_.reset();
  current_.reset();
  ahead_.reset();
}

void ClipReader::rewind() {
  open();
  packet_pending_ = false;
  restart(0);
}

// Puts the demuxer before a key frame's packet; false when the container's seeking cannot.
bool ClipReader::seek(const FrameIndex::Key& key) {
  if (!demuxer_->seek(key.pts)) return false;
  for (int i = 0; i < kMostSearched && demuxer_->read(*packet_); ++i) {
    if (packet_->pts == key.pts) {
      packet_pending_ = true;
      return true;
    }
    if (packet_->dts != AV_NOPTS_VALUE && packet_->dts > key.dts) return false;
  }
  return false;
}

std::optional<ClipReader::Want> ClipReader::want_of(std::int64_t index) const {
  const auto at = std::ranges::lower_bound(wanted_, index, {}, &Wanted::index);
  if (at == wanted_.end() || at->index != index) return std::nullopt;
  return at->want;
}

// Whether the frame that was brought last will do, which may have no pixels.
bool ClipReader::has_vectors_of(std::int64_t index) const {
  return found_ && index == current_->index && want_of(index) == Want::kVectors;
}

bool ClipReader::must_move(std::int64_t index) {
  if (!positioned_) return true;
  const std::int64_t shown = current_ ? current_->index : -1;
  if (index <= shown && !has_vectors_of(index)) return true;
  if (index_->exact() && index_->key_before(index).index > std::max(sent_, shown)) return true;
  if (has_pixels_ || pixels_due_ == 0) return false;
  goes_on_ = true;
  return true;
}

void ClipReader::go_to(std::int64_t index) {
  if (!must_move(index)) return;
  if (!index_->exact() || index_->key_before(index).index == 0) {
    rewind();
    return;
  }
  const FrameIndex::Key& key = index_->key_before(index);
  decoder_->flush();
  if (!seek(key)) {
    rewind();  // and decode up to it: slower, never wrong
    return;
  }
  restart(key.index);
}

// Whether a frame with pixels is there, should one be missing that is wanted with them.
bool ClipReader::can_stand_in() const {
  return standby_ || (current_ && has_pixels(*current_)) || (ahead_ && has_pixels(*ahead_));
}

// How much of this packet's picture to decode.
void ClipReader::set_policy(const AVPacket& packet) {
  const auto place = index_->exact() ? index_->index_of(packet.pts) : std::nullopt;
  // Once all frames with pixels have been sent, those after them are there for their vectors.
  const bool tail = pixels_due_ == 0 && place && *place > last_pixels_;
  const bool all_pixels = goes_on_ || interlaced_ || purpose_ == Purpose::kPixels ||
                          hides_pictures(*demuxer_) || !can_stand_in();
  const bool pixels = num_pixels_ > 0 && (all_pixels || !tail);
  auto mode = pixels ? PacketDecoder::Mode::kPixels : PacketDecoder::Mode::kVectors;
  bool skip = false;
  if (place && *place <= wanted_.back().index) {
    const auto want = want_of(*place);
    // A dropped frame could be the one that tells where a hidden picture belongs.
    skip = !want && !hides_pictures(*demuxer_);
    if (want == Want::kPixels) {
      --pixels_due_;
    } else if (pixels && !skip) {
      mode = PacketDecoder::Mode::kVectorsWhereUnreferenced;
    }
  }
  // Vectors need little of the pictures before; strict readers want to hear of damage there.
  if (!pixels && skips_ && !options_.strict && place && *place < wanted_.front().index) {
    mode = PacketDecoder::Mode::kReferences;
  }
  if (place) sent_ = std::max(sent_, *place);
  if (!pixels) has_pixels_ = false;
  decoder_->set_mode(mode);
  decoder_->context().skip_frame = skip ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
}

void ClipReader::take_frames() {
  for (;;) {
    libav::Frame frame = libav::make_frame();
    if (!decoder_->receive(*frame)) return;
    interlaced_ = interlaced_ || (frame->flags & AV_FRAME_FLAG_INTERLACED) != 0;
    if (index_->exact()) {
      const auto place = index_->index_of(frame->pts);
      if (place) order_.push_at(std::move(frame), *place, *index_, !hides_pictures(*demuxer_));
    } else {
      order_.push(std::move(frame));
    }
  }
}

bool ClipReader::advance() {
  if (drained_) return false;
  watchdog_.check(demuxer_->name(), sent_ + 1);
  const bool more = std::exchange(packet_pending_, false) || demuxer_->read(*packet_);
  if (more) set_policy(*packet_);
  const bool good = decoder_->send(more ? packet_.get() : nullptr);
  if (options_.strict && (!good || demuxer_->damaged())) {
    throw DecodeError(demuxer_->name(), std::max<std::int64_t>(sent_, 0),
                      "the stream is damaged (strict=True)");
  }
  take_frames();
  if (!more) {
    drained_ = true;
    order_.finish();
  }
  return true;
}

ClipReader::Fetched ClipReader::fetch(std::int64_t index) {
  (void)this->index();
  recover();
  abandoned_ = true;
  go_to(index);
  while (!current_ || current_->index < index) {
    if (decoder_->missed()) {
      skips_ = false;
      positioned_ = false;
      go_to(index);
    }
    if (ahead_) {
      if (ahead_->index > index && current_) break;
      if (current_ && has_pixels(*current_)) standby_ = std::move(current_);
      current_ = std::exchange(ahead_, std::nullopt);
      continue;
    }
    ShownFrame shown;
    if (order_.pop(shown)) {
      sizes_.see(shown.index, *shown.frame);
      ahead_ = std::move(shown);
    } else if (!advance()) {
      break;
    }
  }
  if (drained_) positioned_ = positioned_ && (ahead_ || (current_ && current_->index >= index));
  found_ = current_ && current_->index == index;
  damaged_ = damaged_ || !found_;
  abandoned_ = false;
  const bool lacks_pixels = !found_ && current_ && !has_pixels(*current_);
  const auto& frame =
      lacks_pixels && standby_ && want_of(index) == Want::kPixels ? standby_ : current_;
  return {.frame = frame ? &*frame : nullptr, .found = found_};
}

}  // namespace mgm
