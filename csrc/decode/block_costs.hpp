// What the blocks of pictures take in the stream.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "column.hpp"
#include "mgm.hpp"

namespace mgm {

// What the residual of blocks holds, in cells of the coded picture: squared levels of samples.
struct BlockEnergy {
  std::int64_t cells_high = 0, cells_wide = 0;
  int cell = 0;                       // side in pixels
  Column<std::int64_t> luma, chroma;  // [T, cells_high, cells_wide]
};

// One row per frame, in units of the coded picture (before cropping and turning).
struct BlockCosts {
  std::int64_t units_high = 0, units_wide = 0;
  int unit = 0;                             // side in pixels
  Column<std::int64_t> bits;                // [T, units_high, units_wide]
  std::optional<BlockEnergy> energy;        // where it was asked for
  std::vector<std::int64_t> frame_indices;  // [T], none negative
  std::vector<std::uint8_t> valid;          // [T]; 0: lost, damaged or of another size
  std::string picture_types;                // [T]
  std::vector<std::int64_t> header_bits;    // [T], before the first block of each slice
  std::vector<std::int64_t> end_bits;       // [T], behind the last block of each
  std::vector<std::int64_t> picture_bytes;  // [T], of the frame's packet; -1: unknown
  std::vector<float> quantisers;            // [T], mean over blocks; NaN: none
  std::vector<double> seconds;              // [T], NaN where unknown
  int crop_x = 0, crop_y = 0, crop_width = 0, crop_height = 0;  // what is shown of it
  int rotation = 0;    // degrees clockwise that turn it upright
  bool hflip = false;  // mirrored after turning
  VideoInfo info;
};

// Of the frames named, or of all; with energy, also that of their coefficients. Throws DecodeError,
// NoMotionVectors, SystemError, std::out_of_range.
[[nodiscard]] BlockCosts read_block_costs(
    Source source, const ReadOptions& options,
    std::optional<std::span<const std::int64_t>> frame_indices, bool energy);

}  // namespace mgm
