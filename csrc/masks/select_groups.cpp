#include "masks/select_groups.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "masks/select.hpp"

namespace mgm {

namespace {

struct Group {
  std::vector<std::int64_t> tokens;
  std::int64_t masked = 0, remainder = 0;
};

// Tokens by id; ids ascending, tokens ascending.
std::vector<Group> group_tokens(std::span<const std::int64_t> ids) {
  std::vector<std::int64_t> order(ids.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const auto id = [&](std::int64_t token) { return ids[static_cast<std::size_t>(token)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return id(a) < id(b); });
  std::vector<Group> groups;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || id(order[i]) != id(order[i - 1])) groups.emplace_back();
    groups.back().tokens.push_back(order[i]);
  }
  return groups;
}

// Splits k over the groups in proportion to their sizes; what is left goes to the largest
// remainders, at equal ones to the lower id.
void split_count(std::vector<Group>& groups, std::int64_t k, std::int64_t n) {
  std::int64_t left = k;
  for (Group& group : groups) {
    const std::int64_t product = k * static_cast<std::int64_t>(group.tokens.size());
    group.masked = product / n;
    group.remainder = product % n;
    left -= group.masked;
  }
  std::vector<Group*> order;
  order.reserve(groups.size());
  for (Group& group : groups) order.push_back(&group);
  std::stable_sort(order.begin(), order.end(),
                   [](const Group* a, const Group* b) { return a->remainder > b->remainder; });
  for (std::size_t i = 0; i < static_cast<std::size_t>(left); ++i) ++order[i]->masked;
}

}  // namespace

void select_groups(const MaskJob& job, std::span<const std::uint64_t> ranks) {
  const std::int64_t n = job.grid.tokens();
  std::vector<Group> groups = group_tokens({job.options.groups, job.mask.size()});
  split_count(groups, count_masked(job.options, n), n);
  Selector selector(job.grid.slot_tokens(), job.seed);
  std::vector<std::uint64_t> own;
  for (const Group& group : groups) {
    own.assign(group.tokens.size(), 0);
    for (std::size_t i = 0; i < own.size() && !ranks.empty(); ++i) {
      own[i] = ranks[static_cast<std::size_t>(group.tokens[i])];
    }
    selector.select_among(own, group.tokens, 0, group.masked, job.mask);
  }
}

}  // namespace mgm
