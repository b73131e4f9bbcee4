#include "decode/frame_index.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace mgm {
namespace {

// A picture is shown near its place in the file: a few moves for each put all in order. Where they
// do not, the time is bounded by a sort's. Equal times stay as they come.
void sort_by_time(std::vector<std::int32_t>& order,
                  const std::vector<FrameIndex::Packet>& packets) {
  constexpr std::size_t kMoves = 8;
  const auto time = [&](std::int32_t i) { return packets[static_cast<std::size_t>(i)].pts; };
  std::size_t left = kMoves * order.size();
  for (std::size_t i = 1; i < order.size(); ++i) {
    const std::int32_t moved = order[i];
    const std::int64_t when = time(moved);
    std::size_t place = i;
    for (; place > 0 && left > 0 && time(order[place - 1]) > when; --place, --left) {
      order[place] = order[place - 1];
    }
    order[place] = moved;
    if (left > 0) continue;
    std::ranges::stable_sort(order, {}, time);
    return;
  }
}

}  // namespace

bool FrameIndex::number_by_times() {
  if (packets_.empty() || !packets_.front().key) return false;
  // Whether a picture before the first key frame can be decoded only the decoder knows.
  const std::int64_t first = packets_.front().pts;
  std::vector<Number> order;
  order.reserve(packets_.size());
  bool rising = true;
  for (std::size_t i = 0; i < packets_.size(); ++i) {
    const Packet& packet = packets_[i];
    if (packet.pts == kNoPts || packet.size == 0) return false;
    if (!packet.shown) continue;
    if (packet.pts < first) return false;
    rising = rising && (order.empty() || packet.pts >= this->packet(order.back()).pts);
    order.push_back(static_cast<Number>(i));
  }
  if (order.empty()) return false;
  if (!rising) sort_by_time(order, packets_);
  in_decoding_order_ = rising;
  arrange(std::move(order));
  return true;
}

bool FrameIndex::reordered() const { return !std::ranges::is_sorted(order_); }

void FrameIndex::number(std::vector<std::int64_t> packets_of_frames) {
  counted_ = true;
  in_decoding_order_ = false;
  std::vector<Number> numbers(packets_of_frames.size());
  std::ranges::transform(packets_of_frames, numbers.begin(), [this](std::int64_t number) {
    return number < num_packets() ? static_cast<Number>(number) : -1;
  });
  arrange(std::move(numbers));
}

void FrameIndex::arrange(std::vector<Number> packets_of_frames) {
  order_ = std::move(packets_of_frames);
  identified_ = std::ranges::none_of(order_, [](Number number) { return number < 0; });
  numbered_ = true;
  places_.assign(packets_.size(), -1);
  last_within_ = num_frames() - 1;
  times_.clear();
  entries_.assign(1, {});
  if (!identified_) return;
  while (last_within_ >= 0 && !packet(packet_of(last_within_)).within) --last_within_;
  place_packets();
  rank_packets();
  find_times();
  find_entries();
}

void FrameIndex::place_packets() {
  for (std::size_t frame = order_.size(); frame-- > 0;) {
    places_[static_cast<std::size_t>(order_[frame])] = static_cast<Number>(frame);
  }
  for (std::size_t i = 1; i < places_.size(); ++i) {
    if (places_[i] < 0 && packets_[i].shown) places_[i] = places_[i - 1];
  }
}

bool FrameIndex::begins_part(std::int64_t number) const {
  if (number == 0) return false;
  const Packet &before = packet(number - 1), &here = packet(number);
  return here.pos < before.pos || (here.key && !here.shown && before.pos >= 0);
}

void FrameIndex::rank_packets() {
  ranks_.clear();
  parts_.clear();
  if (std::ranges::all_of(packets_, &Packet::shown)) return;
  const auto time = [this](std::int64_t number) { return packet(number).pts; };
  if (!std::ranges::is_sorted(order_, {}, time)) return;
  ranks_.resize(packets_.size());
  parts_.resize(packets_.size());
  std::vector<Number> part;
  for (Number i = 0; i < num_packets();) {
    part.clear();
    const Number first = i;
    do {
      part.push_back(i++);
    } while (i < num_packets() && !begins_part(i));
    std::ranges::stable_sort(part, {}, time);
    for (std::size_t rank = 0; rank < part.size(); ++rank) {
      ranks_[static_cast<std::size_t>(part[rank])] = static_cast<Number>(rank);
      parts_[static_cast<std::size_t>(part[rank])] = first;
    }
  }
}

std::optional<std::int64_t> FrameIndex::distance(std::int64_t from, std::int64_t to) const {
  const std::int64_t count = std::ssize(ranks_);
  if (from < 0 || to < 0 || from >= count || to >= count) return std::nullopt;
  const auto one = static_cast<std::size_t>(from), other = static_cast<std::size_t>(to);
  if (parts_[one] != parts_[other]) return std::nullopt;
  return ranks_[other] - ranks_[one];
}

std::optional<std::int64_t> FrameIndex::decoded_ahead(std::int64_t frame) const {
  constexpr std::int64_t kFarthest = 32;  // no decoder reorders more pictures
  const std::int64_t end = identified_ ? std::min(num_frames(), frame + kFarthest) : 0;
  for (std::int64_t other = frame + 1; other < end; ++other) {
    if (packet_of(other) < packet_of(frame)) return other;
  }
  return std::nullopt;
}

void FrameIndex::find_entries() {
  entries_.reserve(1 + static_cast<std::size_t>(std::ranges::count(packets_, true, &Packet::key)));
  for (Number number = 1; number < num_packets(); ++number) {
    const Packet& here = packet(number);
    if (!here.key) continue;
    if (here.shown) {
      const Number frame = places_[static_cast<std::size_t>(number)];
      if (frame >= 0 && packet_of(frame) == number) entries_.push_back({frame, number});
    } else if (here.pts != kNoPts) {
      const auto frames = std::views::iota(Number{0}, static_cast<Number>(num_frames()));
      const auto time = [this](Number frame) { return pts(frame); };
      const auto at = std::ranges::lower_bound(frames, here.pts, {}, time) - frames.begin();
      entries_.push_back({static_cast<Number>(at), number});
    }
  }
  const auto place = [](const Place& one) { return std::pair(one.frame, one.packet); };
  if (!std::ranges::is_sorted(entries_, {}, place)) std::ranges::sort(entries_, {}, place);
  entries_by_packet_.clear();
  if (std::ranges::is_sorted(entries_, {}, &Place::packet)) return;
  entries_by_packet_ = entries_;
  std::ranges::sort(entries_by_packet_, {}, &Place::packet);
}

std::optional<std::int64_t> FrameIndex::frame_of(std::int64_t packet) const {
  if (packet < 0 || packet >= num_packets()) return std::nullopt;
  const std::int64_t frame = places_[static_cast<std::size_t>(packet)];
  return frame < 0 ? std::nullopt : std::optional(frame);
}

FrameIndex::Entry FrameIndex::entry_before(std::int64_t frame) const {
  auto after = std::ranges::upper_bound(entries_, frame, {}, &Place::frame);
  // What an edit list hides before its second part may lie between the frames of its first.
  while (after != entries_.begin() && (after - 1)->packet > packet_of(frame)) --after;
  return after == entries_.begin() ? Entry{} : (after - 1)->entry();
}

FrameIndex::Entry FrameIndex::entry_before(const Entry& entry) const {
  const auto& entries = entries_by_packet_.empty() ? entries_ : entries_by_packet_;
  const auto at = std::ranges::lower_bound(entries, entry.packet, {}, &Place::packet);
  return at == entries.begin() ? Entry{} : (at - 1)->entry();
}

std::vector<std::int64_t> FrameIndex::key_frames() const {
  std::vector<std::int64_t> keys;
  for (std::size_t frame = 0; identified_ && frame < order_.size(); ++frame) {
    if (packet(order_[frame]).key) keys.push_back(static_cast<std::int64_t>(frame));
  }
  return keys;
}

}  // namespace mgm
