#include "masks/select.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "math/mask_math.hpp"

namespace mgm {

namespace {

constexpr std::size_t kFewKeys = 48;  // below, counting costs more than it saves
constexpr int kCountedBits = 7;

// The k-th smallest where all keys are 0 or 1, as those of patterns are.
std::optional<std::uint64_t> kth_of_two(std::span<const std::uint64_t> keys, std::int64_t k) {
  std::uint64_t any = 0, ones = 0;
  for (const std::uint64_t key : keys) {
    any |= key;
    ones += key;
  }
  if (any > 1) return std::nullopt;
  return static_cast<std::uint64_t>(k) > keys.size() - ones ? 1 : 0;
}

}  // namespace

Selector::Selector(std::int64_t slot_tokens, std::uint64_t seed, Purpose purpose)
    : slot_tokens_(slot_tokens), seed_(seed), purpose_(purpose) {}

void Selector::write_ties(std::int64_t first, std::span<std::uint64_t> ties) const {
  const auto size = static_cast<std::uint32_t>(slot_tokens_);
  auto token = static_cast<std::uint32_t>(first);
  std::uint32_t slot = token / size;
  for (std::size_t i = 0; i < ties.size(); ++slot) {
    for (std::uint32_t block = 0; 4 * block < size && i < ties.size(); ++block) {
      const PhiloxBlock words = philox_block(seed_, purpose_, slot, block);
      const std::uint32_t count = std::min(4u, size - 4 * block);
      for (std::uint32_t j = 0; j < count; ++j) ties[i++] = tie_rank(words.words[j], token++);
    }
  }
}

std::uint64_t Selector::kth_smallest(std::span<const std::uint64_t> keys, std::int64_t k) {
  if (const auto key = kth_of_two(keys, k)) return *key;
  std::uint64_t lowest = keys[0], highest = keys[0];
  for (const std::uint64_t key : keys) {
    lowest = std::min(lowest, key);
    highest = std::max(highest, key);
  }
  const int bits = static_cast<int>(std::bit_width(highest - lowest));
  return kth_counted(keys, k, lowest, bits > kCountedBits ? bits - kCountedBits : 0);
}

// The same for keys that spread over all of 64 bits, as ties do.
std::uint64_t Selector::kth_tie(std::span<const std::uint64_t> keys, std::int64_t k) {
  return kth_counted(keys, k, 0, 64 - kCountedBits);
}

// One pass of counting over equal ranges leaves few keys to order.
std::uint64_t Selector::kth_counted(std::span<const std::uint64_t> keys, std::int64_t k,
                                    std::uint64_t lowest, int shift) {
  const auto nth = [this](std::int64_t position) {
    std::nth_element(rest_.begin(), rest_.begin() + position, rest_.end());
    return rest_[static_cast<std::size_t>(position)];
  };
  if (keys.size() <= kFewKeys) {
    rest_.assign(keys.begin(), keys.end());
    return nth(k - 1);
  }
  std::array<std::uint32_t, std::size_t{1} << kCountedBits> counts{};
  for (const std::uint64_t key : keys) ++counts[(key - lowest) >> shift];
  std::size_t range = 0;
  for (; k > counts[range]; ++range) k -= counts[range];
  if (shift == 0) return lowest + range;
  rest_.resize(keys.size());
  std::size_t size = 0;
  for (const std::uint64_t key : keys) {
    rest_[size] = key;
    size += (key - lowest) >> shift == range;
  }
  rest_.resize(size);
  return nth(k - 1);
}

void Selector::select(std::span<const std::uint64_t> ranks, std::int64_t first, std::int64_t k,
                      Mask mask) {
  if (k <= 0) {
    std::fill(mask.begin(), mask.end(), std::uint8_t{0});
    return;
  }
  const std::uint64_t last = kth_smallest(ranks, k);
  std::int64_t masked = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    mask[i] = ranks[i] <= last;
    masked += mask[i];
  }
  if (masked == k) return;
  equal_.resize(ranks.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    equal_[count] = static_cast<std::int64_t>(i);
    count += ranks[i] == last;
  }
  equal_.resize(count);
  drop_ties(first, masked - k, mask);
}

// Of the tokens first + equal_[i], which rank equally, keeps the ones with the lowest tie ranks and
// unmasks the `surplus` others; at least one is kept. One Philox block has the words of four
// consecutive tokens, so it is computed once for neighbours: equal_ ascends, except from one group
// of tokens to the next.
void Selector::drop_ties(std::int64_t first, std::int64_t surplus, Mask mask) {
  const auto kept = static_cast<std::int64_t>(equal_.size()) - surplus;
  ties_.resize(equal_.size());
  PhiloxBlock words{};
  std::int64_t in_block = -1, start = 0;
  for (std::size_t i = 0; i < ties_.size(); ++i) {
    const std::int64_t token = first + equal_[i];
    if (token < start || token >= start + slot_tokens_ || in_block < 0) {
      start = token - token % slot_tokens_;
      in_block = -1;
    }
    const std::int64_t index = token - start;
    if (index >> 2 != in_block) {
      in_block = index >> 2;
      words = philox_block(seed_, purpose_, static_cast<std::uint32_t>(start / slot_tokens_),
                           static_cast<std::uint32_t>(in_block));
    }
    ties_[i] = tie_rank(words.words[index & 3], static_cast<std::uint32_t>(token));
  }
  const std::uint64_t last = kth_tie(ties_, kept);
  // All of them are masked so far. The result is stored for each, without a branch: the order of
  // random keys gives a branch predictor nothing to learn.
  for (const std::uint64_t key : ties_) {
    mask[(key & 0xFFFFFFFFu) - static_cast<std::uint64_t>(first)] = key <= last;
  }
}

void Selector::select_any(std::int64_t first, std::int64_t k, Mask mask) {
  ties_.resize(mask.size());
  write_ties(first, ties_);
  const std::uint64_t last = k > 0 ? kth_tie(ties_, k) : 0;
  for (std::size_t i = 0; i < ties_.size(); ++i) mask[i] = k > 0 && ties_[i] <= last;
}

void Selector::select_among(std::span<const std::uint64_t> ranks,
                            std::span<const std::int64_t> tokens, std::int64_t first,
                            std::int64_t k, Mask mask) {
  const std::uint64_t last = k > 0 ? kth_smallest(ranks, k) : 0;
  std::int64_t masked = 0;
  equal_.clear();
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const bool chosen = k > 0 && ranks[i] <= last;
    mask[static_cast<std::size_t>(tokens[i])] = chosen;
    masked += chosen;
    if (chosen && ranks[i] == last) equal_.push_back(tokens[i]);
  }
  if (masked > k) drop_ties(first, masked - k, mask);
}

}  // namespace mgm
