#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "mgm.hpp"

namespace mgm {

// A video from its first frame to its last, each frame with its vectors and, where they are
// reconstructed (ReadOptions.vectors_only = false), its pixels. Not safe for two threads at once.
class FrameWalk {
 public:
  FrameWalk(Source source, const ReadOptions& options, Blocks blocks);
  ~FrameWalk();

  // Goes to the next frame; false at the end. Throws DecodeError. The rest is about the frame
  // where it stands, and empty before the first.
  [[nodiscard]] bool next();
  // Reconstructs no pixels of frames to come.
  void leave_pixels();
  [[nodiscard]] char picture_type() const;
  // [N, 10]: source, w, h, src_x, src_y, dst_x, dst_y, motion_x, motion_y, motion_scale.
  [[nodiscard]] std::vector<std::int32_t> rows() const;
  struct Picture {
    std::int64_t height = 0, width = 0;
    std::unique_ptr<std::uint8_t[]> bgr;  // [height, width, 3]
  };
  [[nodiscard]] Picture picture();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mgm
