#pragma once

#include <cstdint>
#include <vector>

#include "mgm.hpp"

namespace mgm {

// A shown picture as its blocks were predicted and corrected, before any loop filter. With it a
// test can hold every vector against the pixels that it claims to copy.
struct UnfilteredPicture {
  struct Block {
    std::int16_t x, y;  // centre, pixels of the coded picture
    std::uint8_t w, h;
    std::uint8_t flags;      // MGM_BLOCK_*, the core's own included
    std::int64_t reference;  // serial of the picture referred to, -1 unknown
    std::int32_t motion_x, motion_y;
  };

  std::int64_t serial = 0;  // order in which the decoder began its pictures
  int width = 0, height = 0, motion_scale = 1;
  std::vector<std::uint16_t> luma;  // [height, width]
  std::vector<Block> blocks;
};

// All pictures of a video in display order, decoded with pixels but without loop filters. Keeps
// everything in memory: for short clips, in tests.
[[nodiscard]] std::vector<UnfilteredPicture> decode_unfiltered(Source source,
                                                               const ReadOptions& options);

}  // namespace mgm
