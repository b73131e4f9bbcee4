// Which frame stands in for one that is lost or damaged.
#include <algorithm>
#include <limits>

#include "decode/clip_reader.hpp"

namespace mgm {
namespace {

// How far around a lost frame its stand-in is searched for: so many frames after it are decoded to
// find a nearer one than the last good one before it. Where only vectors are wanted, frames are
// skipped until one is lost; then so many before it are decoded as well.
constexpr std::size_t kMostAhead = 16;

}  // namespace

// Which frames may stand in for this one if it is lost. Any of them where nearly all are decoded
// anyway, because pixels are wanted or the codec cannot skip pictures; otherwise the near ones.
void ClipReader::keep_near(std::int64_t index) {
  constexpr auto kMost = static_cast<std::int64_t>(kMostAhead);
  const bool all = pixels_ || !loop_.decoder().leaves_pictures();
  const bool ends = index >= this->index().last_within();
  keeps_from_ = all ? 0 : index - kMost;
  keeps_to_ = all || ends ? std::numeric_limits<std::int64_t>::max() : index + kMost;
}

bool ClipReader::keeps(std::optional<std::int64_t> frame) const {
  return frame && *frame >= keeps_from_ && *frame <= keeps_to_;
}

// The last one that was read before this.
const ShownFrame* ClipReader::whole_before(std::int64_t index) const {
  const bool good = current_ && current_->index < index && current_->is_good();
  if (good && will_do(*current_, index)) return &*current_;
  return standby_ ? &*standby_ : nullptr;
}

// Where no whole frame lies between here and where decoding began, begins further back, each time
// twice as far: what stands in must not depend on what was read before.
void ClipReader::look_back(std::int64_t index) {
  while (whole_before(index) == nullptr) {
    const FrameIndex::Entry began = loop_.began();
    if (keeps_from_ > began.frame) {
      keeps_from_ = index - 4 * (index - keeps_from_);
      restart(began, index);
      read_to(index);
      continue;
    }
    if (began.packet == 0) return;
    const std::int64_t further = began.frame - std::max<std::int64_t>(index - began.frame, 1);
    FrameIndex::Entry entry = entry_for(std::max<std::int64_t>(further, 0));
    if (entry.packet >= began.packet) entry = loop_.index()->entry_before(began);
    keeps_from_ = std::min(keeps_from_, entry.frame);
    restart(entry, index);
    read_to(index);
  }
}

// The nearest good frame; of two as near, the one before. Where there is none, whatever is whole.
const ShownFrame* ClipReader::find_stand_in(std::int64_t index) {
  look_back(index);
  const ShownFrame* before = whole_before(index);
  const auto nearest = [&](bool good) -> const ShownFrame* {
    const auto at = std::ranges::find_if(ahead_, [&](const ShownFrame& one) {
      return will_do(one, index) && (!good || one.is_good());
    });
    return at == ahead_.end() ? nullptr : &*at;
  };
  const auto is_beyond = [&] {
    return before != nullptr && !ahead_.empty() &&
           ahead_.back().index - index >= index - before->index;
  };
  while (nearest(true) == nullptr && !is_beyond() && ahead_.size() < kMostAhead && pop()) continue;
  const ShownFrame* after = nearest(true);
  if (before != nullptr && after != nullptr) {
    return after->index - index < index - before->index ? after : before;
  }
  if (before != nullptr || after != nullptr) return before != nullptr ? before : after;
  return current_ && current_->index < index && will_do(*current_, index) ? &*current_
                                                                          : nearest(false);
}

}  // namespace mgm
