// The one selector: every mask is a rule for ranks, and this takes exactly K tokens of lowest rank.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "masks/mask_job.hpp"
#include "math/philox.hpp"

namespace mgm {

// With its scratch memory. Owns nothing of the mask.
class Selector {
 public:
  // slot_tokens: R * C. Ties are broken by the words of (seed, purpose, slot).
  Selector(std::int64_t slot_tokens, std::uint64_t seed, Purpose purpose = Purpose::kRank);

  // mask[i] = 1 for the k lowest of the tokens first, first + 1, ..., else 0; 0 <= k <= size.
  void select(std::span<const std::uint64_t> ranks, std::int64_t first, std::int64_t k, Mask mask);

  // The same with all ranks equal.
  void select_any(std::int64_t first, std::int64_t k, Mask mask);

  // The same for scattered tokens first + tokens[i], of rank ranks[i]; writes mask[tokens[i]] and
  // no other.
  void select_among(std::span<const std::uint64_t> ranks, std::span<const std::int64_t> tokens,
                    std::int64_t first, std::int64_t k, Mask mask);

 private:
  [[nodiscard]] std::uint64_t kth_smallest(std::span<const std::uint64_t> keys, std::int64_t k);
  [[nodiscard]] std::uint64_t kth_tie(std::span<const std::uint64_t> keys, std::int64_t k);
  [[nodiscard]] std::uint64_t kth_counted(std::span<const std::uint64_t> keys, std::int64_t k,
                                          std::uint64_t lowest, int shift);
  void drop_ties(std::int64_t first, std::int64_t surplus, Mask mask);
  void write_ties(std::int64_t first, std::span<std::uint64_t> ties) const;

  std::int64_t slot_tokens_;
  std::uint64_t seed_;
  Purpose purpose_;
  std::vector<std::uint64_t> ties_, rest_;
  std::vector<std::int64_t> equal_;
};

}  // namespace mgm
