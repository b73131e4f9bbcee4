#pragma once

#include <cstdint>
#include <map>

#include "decode/libav.hpp"
#include "mgm.hpp"

namespace mgm {

// Where in the file the size of the picture changes, as far as the frames seen so far show. Frames
// may be seen in any order, more than once, and not all of them; the answer depends on the set of
// frames alone.
class PictureSizes {
 public:
  void see(std::int64_t index, const AVFrame& frame);

  // Sets width and height of info to those of the earliest frame seen, and size_changes to the
  // frames whose size differs from that of their nearest predecessor among those seen. Sizes are
  // turned by info.rotation, which must be set. Without any frame info stays as it is.
  void describe(VideoInfo& info) const;

 private:
  // Consecutive frames of one size: of the cropped picture, before turning.
  struct Run {
    std::int64_t last = 0;
    int width = 0, height = 0;
  };
  std::map<std::int64_t, Run> runs_;  // by first frame
};

}  // namespace mgm
