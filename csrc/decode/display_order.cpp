#include "decode/display_order.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

namespace mgm {
namespace {

// Longer than any decoder reorders (16 pictures), so a reference still unseen is never shown.
constexpr std::size_t kMostWaiting = 32;

// As far as encoders look ahead.
constexpr std::int64_t kMostAhead = 25;

std::int64_t overlap(int centre, int size, int limit) {
  const int begin = std::max(centre - size / 2, 0);
  return std::max(std::min(centre - size / 2 + size, limit) - begin, 0);
}

bool is_hidden_without_poc(const MgmReference& reference) {
  return reference.hidden != 0 && reference.poc == MGM_NO_POC;
}

// More than half of its area refers to that reference with zero vector.
bool is_copy(const MgmPicture& picture, int reference) {
  std::int64_t area = 0;
  for (const MgmBlock& block : std::span(picture.blocks, picture.num_blocks)) {
    if (block.reference != reference || (block.flags & MGM_BLOCK_INTRA) != 0) continue;
    if (block.motion_x != 0 || block.motion_y != 0) continue;
    area += overlap(block.x, block.w, picture.width) * overlap(block.y, block.h, picture.height);
  }
  return 2 * area > std::int64_t{picture.width} * picture.height;
}

}  // namespace

void DisplayOrder::restart(std::int64_t first_index) {
  waiting_.clear();
  known_.clear();
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

void DisplayOrder::number(ShownFrame& shown, std::int64_t serial) {
  const auto at = static_cast<std::size_t>(serial);
  if (known_.size() <= at) known_.resize(at + 1, Known{.began = shown.index});
  Known& known = known_[at];
  shown.repeated = known.shown;
  if (!known.shown) known.index = shown.index;
  known.shown = true;
}

void DisplayOrder::learn_copies(const MgmPicture& picture, std::int64_t index) {
  for (int i = 0; i < picture.num_references; ++i) {
    const MgmReference& reference = picture.references[i];
    if (!is_hidden_without_poc(reference) || !may_resolve(reference)) continue;
    if (is_copy(picture, i)) known_.at(static_cast<std::size_t>(reference.serial)).index = index;
  }
}

void DisplayOrder::push(ShownFrame shown, const FrameIndex* frames) {
  frames_ = frames;
  next_index_ = shown.index + 1;
  if (const MgmPicture* picture = shown.picture()) {
    number(shown, picture->serial);
    learn_poc_step(*picture, shown.index);
    if (!shown.repeated) learn_copies(*picture, shown.index);
  }
  waiting_.push_back(std::move(shown));
}

std::int64_t DisplayOrder::index_of(const MgmReference& reference) const {
  if (reference.serial < 0) return -1;
  if (reference.serial < static_cast<std::int64_t>(known_.size())) {
    const std::int64_t index = known_[static_cast<std::size_t>(reference.serial)].index;
    if (index >= 0) return index;
  }
  return frames_ != nullptr ? frames_->frame_of(reference.pts).value_or(-1) : -1;
}

bool DisplayOrder::may_resolve(const MgmReference& reference) const {
  if (reference.serial < 0 || index_of(reference) >= 0) return false;
  if (frames_ != nullptr && frames_->knows_distances()) return false;  // an edit list hides it
  if (!is_hidden_without_poc(reference)) return true;
  // A picture is begun before any that refers to it: a serial beyond the table is not its own.
  const auto at = static_cast<std::size_t>(reference.serial);
  return at < known_.size() && next_index_ - known_[at].began <= kMostAhead;
}

bool DisplayOrder::resolvable(const MgmPicture& picture) const {
  const std::span references(picture.references, static_cast<std::size_t>(picture.num_references));
  return std::ranges::none_of(references, [this](const auto& r) { return may_resolve(r); });
}

float DisplayOrder::distance(const MgmPicture& picture, const MgmReference& reference,
                             std::int64_t index) {
  const float half = 0.5F * static_cast<float>(reference.half);
  if (const std::int64_t target = index_of(reference); target >= 0) {
    return static_cast<float>(target - index) + half;
  }
  const auto hidden = frames_ != nullptr ? frames_->distance(picture.pts, reference.pts)
                                         : std::optional<std::int64_t>();
  if (hidden) return static_cast<float>(*hidden) + half;
  const bool by_poc = picture.has_poc != 0 && reference.poc != MGM_NO_POC;
  reckons_ = reckons_ || by_poc;
  if (!by_poc || poc_step_ == 0) {
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
