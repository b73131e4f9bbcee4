// A sampled clip, and what is asked of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decode/select_rows.hpp"
#include "mgm.hpp"

namespace mgm {

// Size of the frames that a reader gives: as the video, a short side, or both.
struct OutputSize {
  std::optional<int> short_side, height, width;
};

struct ClipOptions {
  bool pixels = true;
  Window window = Window::kCentred;
  std::optional<int> cell;
};

// A sampled clip: T frames of RGB (none without pixels) and the field of the coded frames around.
struct Clip {
  std::unique_ptr<std::uint8_t[]> frames;  // [T, height, width, 3]
  std::int64_t height = 0, width = 0;
  MotionField field;
  std::vector<std::int64_t> frame_indices;  // [T], none negative
  std::vector<double> seconds;              // [T], NaN where unknown
  std::string picture_types;                // [T]
  std::vector<std::uint8_t> stand_in;       // [T], lost or damaged: the pixels are another frame's
  bool damaged = false;                     // some of what was decoded for it
};

}  // namespace mgm
