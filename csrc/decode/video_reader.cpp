#include "decode/video_reader.hpp"

#include <stdexcept>
#include <utility>

#include "decode/open_video.hpp"
#include "error.hpp"

namespace mgm {

VideoReader::VideoReader(Source source, ReadOptions options, const OutputSize& size)
    : source_(std::move(source)),
      options_(std::move(options)),
      size_(size),
      video_(std::make_unique<OpenVideo>(source_, options_, size_)) {}

VideoReader::~VideoReader() = default;

// As if nothing had been read.
void VideoReader::renew() {
  if (new_) return;
  auto video = std::make_unique<OpenVideo>(source_, options_, size_);
  video->learn_from(*video_);
  video_ = std::move(video);
  new_ = true;
}

// From where the last clip ended; nullopt where a new reader might give something else: damage
// depends on where decoding begins, and on what runs beside it.
std::optional<Clip> VideoReader::read_on(std::span<const std::int64_t> frame_indices,
                                         const ClipOptions& options) {
  if (new_ || !whole_) return std::nullopt;
  whole_ = false;
  try {
    Clip clip = video_->read_clip(frame_indices, options);
    whole_ = !clip.damaged;
    if (whole_) return clip;
  } catch (const TimeLimitExceeded&) {
    throw;
  } catch (const DecodeError&) {
    return std::nullopt;
  } catch (const WrongIndex&) {
    return std::nullopt;
  }
  return std::nullopt;
}

Clip VideoReader::read_anew(std::span<const std::int64_t> frame_indices,
                            const ClipOptions& options) {
  renew();
  new_ = false;
  try {
    return video_->read_clip(frame_indices, options);
  } catch (const WrongIndex&) {
    video_->recount();
  }
  renew();
  new_ = false;
  return video_->read_clip(frame_indices, options);
}

Clip VideoReader::read_clip(std::span<const std::int64_t> frame_indices,
                            const ClipOptions& options) {
  if (frame_indices.empty()) throw std::invalid_argument("frame_indices must not be empty");
  begin_call();
  if (auto clip = read_on(frame_indices, options)) return std::move(*clip);
  Clip clip = read_anew(frame_indices, options);
  damaged_ = damaged_ || clip.damaged;
  whole_ = !damaged_;
  return clip;
}

void VideoReader::require_vectors() const { video_->require_vectors(); }

std::int64_t VideoReader::num_frames() {
  begin_call();
  return video_->num_frames();
}

std::vector<double> VideoReader::frame_seconds() {
  begin_call();
  return video_->frame_seconds();
}

VideoInfo VideoReader::info() {
  begin_call();
  VideoInfo info = video_->info();
  info.damaged = damaged_;
  return info;
}

void VideoReader::begin_call() {
  options_.began = Watchdog::Clock::now();
  video_->begin_call(*options_.began);
}

}  // namespace mgm
