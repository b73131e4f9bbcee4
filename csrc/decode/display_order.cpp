#include "decode/display_order.hpp"

#include <limits>
#include <utility>

namespace mgm {
namespace {

// Longer than any decoder reorders (16 pictures), so a reference still unseen is never shown.
constexpr std::size_t kMostWaiting = 32;

}  // namespace

void DisplayOrder::restart(std::int64_t first_index) {
  waiting_.clear();
  index_of_serial_.clear();
  next_index_ = first_index;
  poc_sequence_ = -1;
  finished_ = false;
}

void DisplayOrder::learn_poc_step(const MgmPicture& picture, std::int64_t index) {
  if (picture.has_poc == 0) return;
  const std::int64_t difference = std::int64_t{picture.poc} - last_poc_;
  const std::int64_t frames = index - poc_index_;
  if (picture.sequence == poc_sequence_ && frames > 0 && difference >= frames) {
    const std::int64_t step = difference / frames;
    if (poc_step_ == 0 || step < poc_step_) poc_step_ = step;
  }
  last_poc_ = picture.poc;
  poc_index_ = index;
  poc_sequence_ = picture.sequence;
}

void DisplayOrder::push(libav::Frame frame) {
  ShownFrame shown;
  shown.frame = std::move(frame);
  shown.index = next_index_++;
  if (const MgmPicture* picture = shown.picture()) {
    const auto serial = static_cast<std::size_t>(picture->serial);
    if (index_of_serial_.size() <= serial) index_of_serial_.resize(serial + 1, -1);
    shown.repeated = index_of_serial_[serial] >= 0;
    if (!shown.repeated) index_of_serial_[serial] = shown.index;
    learn_poc_step(*picture, shown.index);
  }
  waiting_.push_back(std::move(shown));
}

void DisplayOrder::push_at(libav::Frame frame, std::int64_t index, const FrameIndex& frames,
                           bool by_pts) {
  frames_ = by_pts ? &frames : nullptr;
  next_index_ = index;
  push(std::move(frame));
}

std::int64_t DisplayOrder::index_of(const MgmReference& reference) const {
  if (reference.serial < 0) return -1;
  if (reference.serial < static_cast<std::int64_t>(index_of_serial_.size())) {
    const std::int64_t shown = index_of_serial_[static_cast<std::size_t>(reference.serial)];
    if (shown >= 0) return shown;
  }
  return frames_ != nullptr ? frames_->index_of(reference.pts).value_or(-1) : -1;
}

bool DisplayOrder::resolvable(const MgmPicture& picture) const {
  for (int i = 0; i < picture.num_references; ++i) {
    const MgmReference& reference = picture.references[i];
    if (reference.serial >= 0 && index_of(reference) < 0) return false;
  }
  return true;
}

float DisplayOrder::distance(const MgmPicture& picture, const MgmReference& reference,
                             std::int64_t index) const {
  const float half = 0.5F * static_cast<float>(reference.half);
  if (const std::int64_t target = index_of(reference); target >= 0) {
    return static_cast<float>(target - index) + half;
  }
  if (picture.has_poc == 0 || reference.poc == MGM_NO_POC || poc_step_ == 0) {
    return std::numeric_limits<float>::quiet_NaN();
  }
  const auto steps = static_cast<float>(std::int64_t{reference.poc} - picture.poc);
  return steps / static_cast<float>(poc_step_) + half;
}

bool DisplayOrder::pop(ShownFrame& shown) {
  if (waiting_.empty()) return false;
  ShownFrame& first = waiting_.front();
  const MgmPicture* picture = first.picture();
  const bool must = finished_ || waiting_.size() > kMostWaiting;
  if (picture != nullptr && !must && !resolvable(*picture)) return false;
  shown = std::move(first);
  waiting_.pop_front();
  shown.distances.clear();
  if (picture == nullptr) return true;
  for (int i = 0; i < picture->num_references; ++i) {
    shown.distances.push_back(distance(*picture, picture->references[i], shown.index));
  }
  return true;
}

}  // namespace mgm
