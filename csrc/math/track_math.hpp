// Places that travel with a field's velocities, in C++17: the core and the CUDA kernels share every
// line. Places are in 2^-16 token.
#pragma once

#include <cmath>
#include <cstdint>

#include "math/mask_math.hpp"

namespace mgm {

inline constexpr std::int64_t kLongestGap = 255;
inline constexpr std::int64_t kFarthestBump = 16384;  // tokens; a bump's tail is 0 long before
inline constexpr std::int64_t kNoBump = std::int64_t{1} << 60;

// Factor of a squared distance in tokens that gives a bump's logarithm, in 2^-24 of log2. sigma: in
// pixels of a view of 224 x 224.
MGM_HD inline std::int64_t bump_falloff(double sigma, std::int64_t tokens) {
  const double width = sigma * static_cast<double>(tokens) / 224.0;
  const double factor = 16777216.0 * 0.72134752044448170368 / (width * width);  // log2(e) / 2
  return static_cast<std::int64_t>(std::rint(factor < 1073741824.0 ? factor : 1073741824.0));
}

MGM_HD inline std::int64_t bump_distance(std::int64_t a, std::int64_t b) {
  std::int64_t distance = a > b ? a - b : b - a;
  if (distance > kFarthestBump) distance = kFarthestBump;
  return distance * distance;
}

// From places in the view to cells and back; one axis.
struct TrackScale {
  std::int64_t offset = 0, slope = 0;  // cell = (offset + slope * place) >> 32
  std::int64_t motion = 0;             // places per 1/64 pixel, in 2^-24

  TrackScale() = default;
  MGM_HD TrackScale(double start, double length, std::int64_t tokens, std::int64_t cell) {
    const auto pixels = static_cast<double>(cell);
    const auto count = static_cast<double>(tokens);
    const double most = 274877906944.0, moved = 16777216.0 * 1024.0 * count / length;
    offset = static_cast<std::int64_t>(std::rint(4294967296.0 * start / pixels));
    slope =
        static_cast<std::int64_t>(std::rint(4294967296.0 * length / (65536.0 * count * pixels)));
    motion = static_cast<std::int64_t>(std::rint(moved < most ? moved : most));
  }
  [[nodiscard]] MGM_HD std::int64_t cell(std::int64_t place) const {
    return (offset + slope * place) >> 32;
  }
  [[nodiscard]] MGM_HD std::int64_t moved(std::int64_t velocity, std::int64_t frames) const {
    return (velocity * frames * motion + (1 << 23)) >> 24;
  }
};

struct Place {
  std::int64_t x = 0, y = 0;
};

// Follows places through a field. Arrays: see FieldView.
struct Tracker {
  const std::int16_t* vectors = nullptr;
  const std::uint8_t* cuts = nullptr;
  const std::int64_t* row_frames = nullptr;
  std::int64_t cells_high = 0, cells_wide = 0;
  std::int64_t row_stride = 0, line_stride = 0;  // cells from row to row, and from line to line
  std::int64_t wide = 0, high = 0;               // of the grid, as places
  TrackScale across, down;

  // Follows a place of row `from` to row `to`; false where it is lost.
  [[nodiscard]] MGM_HD bool follow(Place& place, std::int64_t from, std::int64_t to) const {
    for (std::int64_t m = from; m > to; --m) {
      if (!step(place, m, -1)) return false;
    }
    for (std::int64_t m = from + 1; m <= to; ++m) {
      if (!step(place, m, 1)) return false;
    }
    return true;
  }

  // Moves a place over the time between row m and the row before, forwards or backwards.
  [[nodiscard]] MGM_HD bool step(Place& place, std::int64_t m, std::int64_t direction) const {
    if (cuts[m] != 0) return false;
    const std::int64_t r = down.cell(place.y), c = across.cell(place.x);
    if (r < 0 || r >= cells_high || c < 0 || c >= cells_wide) return true;
    const std::int16_t* vector = vectors + (m * row_stride + r * line_stride + c) * 2;
    if (vector[0] == -32768) return true;
    const std::int64_t frames =
        direction * clamp_to(row_frames[m] - row_frames[m - 1], -kLongestGap, kLongestGap);
    place.x += across.moved(vector[0], frames);
    place.y += down.moved(vector[1], frames);
    return place.x >= 0 && place.x < wide && place.y >= 0 && place.y < high;
  }
};

// A map [R, C] at a place, in 2^-46: bilinear in 1/256 token, constant beyond the outer tokens'
// middles.
MGM_HD inline std::int64_t sample_map(const std::int64_t* map, std::int64_t rows,
                                      std::int64_t columns, Place place) {
  const std::int64_t x = (place.x - 32768) >> 8, y = (place.y - 32768) >> 8;
  const auto at = [&](std::int64_t r, std::int64_t c) {
    return map[clamp_to(r, 0, rows - 1) * columns + clamp_to(c, 0, columns - 1)];
  };
  const std::int64_t r = y >> 8, c = x >> 8, down = y & 255, across = x & 255;
  const std::int64_t above = at(r, c) * (256 - across) + at(r, c + 1) * across;
  const std::int64_t under = at(r + 1, c) * (256 - across) + at(r + 1, c + 1) * across;
  return above * (256 - down) + under * down;
}

}  // namespace mgm
