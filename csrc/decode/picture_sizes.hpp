#pragma once

#include <cstdint>
#include <map>

#include "decode/libav.hpp"
#include "mgm.hpp"

namespace mgm {

// Where the size of the picture changes, from the frames seen so far: in any order, not all of them
// and some again. Depends on which frames were seen, never on their order.
class PictureSizes {
 public:
  void see(std::int64_t index, const AVFrame& frame);

  // The size of the earliest frame seen, and each seen one whose size is not that of the one seen
  // before it; all turned by the rotation of info, which must be known. Leaves info as it is before
  // any frame.
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
