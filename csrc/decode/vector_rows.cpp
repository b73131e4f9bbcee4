#include "decode/vector_rows.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

namespace mgm {
namespace {

std::int32_t sign(float distance) { return (distance > 0) - (distance < 0); }

// libavcodec says only which list.
std::int32_t listed_source(std::uint8_t flags) { return (flags & MGM_BLOCK_LIST1) != 0 ? 1 : -1; }

bool is_vector(const MgmBlock& block) { return (block.flags & MGM_BLOCK_INTRA) == 0; }

// Where the next rows of each field go.
struct Cursor {
  Cursor(MotionVectors& rows, std::size_t count)
      : source(rows.source.extend(count)),
        w(rows.w.extend(count)),
        h(rows.h.extend(count)),
        src_x(rows.src_x.extend(count)),
        src_y(rows.src_y.extend(count)),
        dst_x(rows.dst_x.extend(count)),
        dst_y(rows.dst_y.extend(count)),
        flags(rows.flags.extend(count)),
        motion_x(rows.motion_x.extend(count)),
        motion_y(rows.motion_y.extend(count)),
        motion_scale(rows.motion_scale.extend(count)),
        reference_distance(rows.reference_distance.extend(count)) {}

  std::int32_t* __restrict source;
  std::uint8_t* __restrict w, * __restrict h;
  std::int16_t* __restrict src_x, * __restrict src_y, * __restrict dst_x, * __restrict dst_y;
  std::uint64_t* __restrict flags;
  std::int32_t* __restrict motion_x, * __restrict motion_y;
  std::uint16_t* __restrict motion_scale;
  float* __restrict reference_distance;
};

// kScale: the motion scale, known to the compiler so that it need not divide; 0: any other.
template <bool kExported, int kScale>
void write_rows(const Cursor to, const MgmPicture& picture, const float* distances) {
  const int scale = kScale != 0 ? kScale : picture.motion_scale;
  std::size_t row = 0;
  for (const MgmBlock& block : std::span(picture.blocks, picture.num_blocks)) {
    if (!is_vector(block)) continue;
    const float distance = distances[block.reference];
    to.source[row] = kExported ? listed_source(block.flags) : sign(distance);
    to.w[row] = block.w;
    to.h[row] = block.h;
    to.src_x[row] = static_cast<std::int16_t>(block.x + block.motion_x / scale);
    to.src_y[row] = static_cast<std::int16_t>(block.y + block.motion_y / scale);
    to.dst_x[row] = block.x;
    to.dst_y[row] = block.y;
    to.flags[row] = kExported ? 0 : block.flags & MGM_BLOCK_PUBLIC;
    to.motion_x[row] = block.motion_x;
    to.motion_y[row] = block.motion_y;
    to.motion_scale[row] = picture.motion_scale;
    to.reference_distance[row] = distance;
    ++row;
  }
}

template <bool kExported>
void append(MotionVectors& rows, const ShownFrame& shown) {
  const MgmPicture* picture = shown.picture();
  if (picture == nullptr || (shown.repeated && !kExported)) return;
  // A row that refers to nothing has no distance either.
  std::array<float, 256> distances;
  distances.fill(std::numeric_limits<float>::quiet_NaN());
  std::ranges::copy(shown.distances, distances.begin());
  const std::span blocks(picture->blocks, picture->num_blocks);
  const Cursor to(rows, static_cast<std::size_t>(std::ranges::count_if(blocks, is_vector)));
  switch (picture->motion_scale) {
    case 2:
      return write_rows<kExported, 2>(to, *picture, distances.data());
    case 4:
      return write_rows<kExported, 4>(to, *picture, distances.data());
    case 8:
      return write_rows<kExported, 8>(to, *picture, distances.data());
    default:
      return write_rows<kExported, 0>(to, *picture, distances.data());
  }
}

}  // namespace

void append_rows(MotionVectors& rows, const ShownFrame& shown, Blocks blocks) {
  if (blocks == Blocks::kLibavcodec) {
    append<true>(rows, shown);
  } else {
    append<false>(rows, shown);
  }
}

}  // namespace mgm
