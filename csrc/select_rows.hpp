#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>
namespace mgm {
enum class Window : std::uint8_t { kCentred, kInterval, kFrame };
struct RowSelection {
  std::vector<std::int64_t> row_frames, sample_offsets;
};
inline RowSelection select_rows(std::span<const std::int64_t> f, std::optional<std::int64_t> n,
                                std::span<const std::int64_t>, Window w) {
  RowSelection s;
  s.sample_offsets.push_back(0);
  for (auto i : f) {
    int k = w == Window::kFrame ? 0 : 1;
    for (auto j = i - k; j <= i + k; ++j)
      if (j >= 0 && j < *n) s.row_frames.push_back(j);
    s.sample_offsets.push_back((std::int64_t)s.row_frames.size());
  }
  return s;
}
}  // namespace mgm
