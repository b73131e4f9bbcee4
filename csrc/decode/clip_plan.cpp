#include "decode/clip_plan.hpp"

#include <algorithm>
#include <stdexcept>

namespace mgm {

std::vector<std::int64_t> absolute_indices(std::span<const std::int64_t> indices,
                                           std::int64_t count, const std::string& name) {
  std::vector<std::int64_t> result(indices.begin(), indices.end());
  for (std::int64_t& index : result) {
    if (index < -count || index >= count) {
      throw std::out_of_range("frame index " + std::to_string(index) + " is out of range: " + name +
                              " has " + std::to_string(count) + " frames");
    }
    if (index < 0) index += count;
  }
  return result;
}

std::vector<Use> sorted_uses(std::span<const std::int64_t> indices) {
  std::vector<Use> uses;
  uses.reserve(indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) uses.push_back({indices[i], i});
  std::ranges::stable_sort(uses, {}, &Use::index);
  return uses;
}

std::vector<Wanted> plan(std::span<const Use> rows, std::span<const Use> samples, bool pixels) {
  std::vector<Wanted> wanted;
  for (const Use& row : rows) {
    if (wanted.empty() || wanted.back().index != row.index) wanted.push_back({row.index});
  }
  for (const Use& sample : samples) {
    const auto at = std::ranges::lower_bound(wanted, sample.index, {}, &Wanted::index);
    const auto want = pixels ? Want::kPixels : Want::kVectors;
    if (at != wanted.end() && at->index == sample.index) {
      at->want = want;
    } else {
      wanted.insert(at, {sample.index, want});
    }
  }
  return wanted;
}

std::span<const Use> take_uses(std::span<const Use>& uses, std::int64_t index) {
  const auto end = std::ranges::find_if(uses, [index](const Use& u) { return u.index > index; });
  const auto count = static_cast<std::size_t>(end - uses.begin());
  const auto taken = uses.first(count);
  uses = uses.subspan(count);
  return taken;
}

}  // namespace mgm
