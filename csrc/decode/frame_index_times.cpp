#include <algorithm>
#include <span>

#include "decode/frame_index.hpp"

namespace mgm {
namespace {

bool is_known(std::int64_t time) { return time != kNoPts; }

// Ticks from one known time to the next, by frame, at the end that `known` begins with.
std::int64_t step_between(std::span<const std::int64_t> times, std::size_t one, std::size_t other) {
  return (times[other] - times[one]) / static_cast<std::int64_t>(other - one);
}

}  // namespace

// The times of its packets are those of its frames, whichever packet bears which: a muxer that was
// given times in decoding order wrote the right ones beside the wrong pictures.
void FrameIndex::find_times() {
  const auto stored = [this](Number number) { return stored_time(number); };
  if (order_.empty()) return;
  if (is_known(stored(order_.front())) && std::ranges::is_sorted(order_, {}, stored)) return;
  times_.resize(order_.size());
  std::ranges::transform(order_, times_.begin(), stored);
  std::vector<std::int64_t> known;
  std::ranges::copy_if(times_, std::back_inserter(known), is_known);
  std::ranges::sort(known);
  auto next = known.begin();
  for (std::int64_t& time : times_) {
    if (is_known(time)) time = *next++;
  }
  if (known.size() > 1 && known.size() < times_.size()) fill_times(times_);
}

// Frames between known times lie at even distances; those outside go on at the nearest distance.
void FrameIndex::fill_times(std::vector<std::int64_t>& times) {
  std::vector<std::size_t> known;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (is_known(times[i])) known.push_back(i);
  }
  const auto fill = [&](std::size_t from, std::size_t to, std::size_t base, std::int64_t step) {
    for (std::size_t i = from; i < to; ++i) {
      times[i] =
          times[base] + step * (static_cast<std::int64_t>(i) - static_cast<std::int64_t>(base));
    }
  };
  fill(0, known.front(), known.front(), step_between(times, known[0], known[1]));
  for (std::size_t i = 1; i < known.size(); ++i) {
    fill(known[i - 1] + 1, known[i], known[i - 1], step_between(times, known[i - 1], known[i]));
  }
  const std::size_t last = known.back();
  fill(last + 1, times.size(), last, step_between(times, known[known.size() - 2], last));
}

}  // namespace mgm
