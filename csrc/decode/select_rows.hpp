// Which coded frames belong to which sampled frame of a clip.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mgm {

enum class Window : std::uint8_t {
  // The frames within half the gap to the neighbouring sampled frames, at most 4 on either side,
  // none before the key frame at which decoding of the sampled frame starts. A frame goes to the
  // nearer sampled frame, to the earlier at a tie.
  kCentred,
  kInterval,  // the frames after the previous sampled frame, up to this one
  kFrame,     // the sampled frame alone
};

struct RowSelection {
  std::vector<std::int64_t> row_frames;      // [M] display index of each row's frame
  std::vector<std::int64_t> sample_offsets;  // [T + 1] rows of each sampled frame, from 0 to M
};

// A pure function of display indices. frame_indices [T]: 0 or more, in any order; samples keep it,
// and repeated ones repeat their rows. Neighbours are those in the sorted unique indices. The first
// and the last mirror their one gap (kInterval: the first, not before its key frame); a single one
// stands alone. num_frames: no row reaches it; nullopt: unknown. key_frames: display indices,
// rising.
[[nodiscard]] RowSelection select_rows(std::span<const std::int64_t> frame_indices,
                                       std::optional<std::int64_t> num_frames,
                                       std::span<const std::int64_t> key_frames, Window window);

}  // namespace mgm
