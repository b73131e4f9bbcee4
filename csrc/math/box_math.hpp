// Where a box of tokens is and how it walks, in C++17: the core and the CUDA kernels share every
// line. Places are in 2^-12 token from the grid's top left corner.
#pragma once

#include <cmath>
#include <cstdint>

#include "math/grid.hpp"
#include "math/mask_math.hpp"
#include "math/philox.hpp"

namespace mgm {

// Tokens.
struct BoxSize {
  std::int64_t h = 0, w = 0;
};

// A centre in 2^-12 token from the grid's top left corner.
struct Centre {
  std::int64_t row = 0, column = 0;
  bool peak = false;  // a peak of motion, not a place on the walk
};

enum class Peak { kSmooth, kBlock, kBox, kPath };
enum class First { kMotion, kRandom };

// What a slot's box follows.
enum class SlotSource : std::uint8_t {
  kGuided,     // its own motion
  kHeld,       // nothing: it walks on from the last box that followed motion
  kSimulated,  // nothing: it walks from a random start, as without any motion
};

// What the box of a slot follows. before: the same of the preceding slot, for the first slot
// kSimulated. moving: the slot has motion to follow. cut: the slot contains a scene cut, over which
// no box is carried.
MGM_HD inline SlotSource slot_source(SlotSource before, bool moving, bool cut) {
  if (moving) return SlotSource::kGuided;
  return before == SlotSource::kSimulated || cut ? SlotSource::kSimulated : SlotSource::kHeld;
}

enum class Fit {
  kGrow,   // grown around the centre to exactly K tokens
  kShift,  // the integer box slid inside the grid, then topped up or trimmed to K
  kClip,   // the integer box clipped by the grid; the count varies
};

// What aspect_of draws from. Logarithms: log2_fixed of 2^16 times the end.
struct AspectRange {
  double low = 1, high = 1;
  std::int64_t log_low = 0, log_high = 0;
};

// What is drawn from between low and high; on the host.
inline AspectRange aspect_range(double low, double high) {
  if (low == high) return {low, high, 0, 0};
  const auto logarithm = [](double value) {
    return log2_fixed(static_cast<std::uint64_t>(std::rint(value * 65536.0)));
  };
  return {low, high, logarithm(low), logarithm(high)};
}

// Log-uniform, through the integer table: std::exp may differ in the last bit between machines.
MGM_HD inline double aspect_of(const AspectRange& range, std::uint32_t word) {
  if (range.low == range.high) return range.low;
  const std::int64_t u = uniform24(word);
  const std::int64_t drawn = range.log_low + (((range.log_high - range.log_low) * u) >> 24);
  constexpr std::int64_t kTop = 26;  // log2(1024 * 65536)
  const std::uint32_t power = exp2_negative((kTop << kLogBits) - drawn);
  return std::ldexp(static_cast<double>(power), static_cast<int>(kTop) - kExpBits - 16);
}

MGM_HD inline std::int64_t box_side(double tokens, std::int64_t limit) {
  const double side = std::rint(tokens), most = static_cast<double>(limit);
  return static_cast<std::int64_t>(side < 1.0 ? 1.0 : (side > most ? most : side));
}

// The box of about `tokens` tokens inside rows x columns.
MGM_HD inline BoxSize box_size(double tokens, double aspect, std::int64_t rows,
                               std::int64_t columns) {
  BoxSize size;
  size.h = box_side(std::sqrt(tokens / aspect), rows);
  size.w = box_side(tokens / static_cast<double>(size.h), columns);
  size.h = box_side(tokens / static_cast<double>(size.w), rows);
  return size;
}

// A step in tokens as places.
inline std::uint32_t walk_step(double step) {
  return static_cast<std::uint32_t>(std::rint(step * static_cast<double>(kToken)));
}

// The largest 3x3 sum of a slot that stands still is under this. still: source pixels per frame.
inline std::int64_t still_threshold(double still) {
  return 9 * static_cast<std::int64_t>(std::rint(still * 64.0 * 65536.0));
}

// Places where a box of h x w lies inside the grid, and the walk between them.
class Walk {
 public:
  // step: places per slot and axis.
  MGM_HD Walk(std::int64_t rows, std::int64_t columns, BoxSize size, std::uint32_t step,
              std::uint64_t seed)
      : low_row_(size.h * (kToken / 2)),
        high_row_(rows * kToken - low_row_),
        low_column_(size.w * (kToken / 2)),
        high_column_(columns * kToken - low_column_),
        step_(step),
        seed_(seed) {}

  // Anywhere inside.
  [[nodiscard]] MGM_HD Centre start(std::int64_t slot) const {
    const PhiloxBlock words =
        philox_block(seed_, Purpose::kStart, static_cast<std::uint32_t>(slot), 0);
    return {draw(low_row_, high_row_, words.words[0]),
            draw(low_column_, high_column_, words.words[1]), false};
  }

  // Clamped, moved, reflected.
  [[nodiscard]] MGM_HD Centre next(Centre centre, std::int64_t slot) const {
    const PhiloxBlock words =
        philox_block(seed_, Purpose::kStep, static_cast<std::uint32_t>(slot), 0);
    return {move(centre.row, low_row_, high_row_, words.words[0]),
            move(centre.column, low_column_, high_column_, words.words[1]), false};
  }

  // The centre of a slot without motion; before and own: the sources of the last slot and of this.
  [[nodiscard]] MGM_HD Centre still(Centre last, SlotSource before, SlotSource own,
                                    std::int64_t slot) const {
    const bool anew = before != SlotSource::kSimulated && own == SlotSource::kSimulated;
    return slot == 0 || anew ? start(slot) : next(last, slot);
  }

 private:
  MGM_HD static std::int64_t draw(std::int64_t low, std::int64_t high, std::uint32_t word) {
    return low + static_cast<std::int64_t>(below(word, static_cast<std::uint32_t>(high - low + 1)));
  }
  [[nodiscard]] MGM_HD std::int64_t move(std::int64_t place, std::int64_t low, std::int64_t high,
                                         std::uint32_t word) const {
    const std::int64_t offset = std::int64_t{below(word, 2 * step_ + 1)} - std::int64_t{step_};
    return reflect(clamp_to(place, low, high) + offset, low, high);
  }

  std::int64_t low_row_, high_row_, low_column_, high_column_;
  std::uint32_t step_;
  std::uint64_t seed_;
};

// The middle of a token by its index.
MGM_HD inline Centre token_centre(std::int64_t token, std::int64_t columns) {
  return {token_place(token / columns), token_place(token % columns), true};
}

// The middle of a window of h x w tokens by its index among those inside the grid.
MGM_HD inline Centre window_centre(std::int64_t index, std::int64_t columns, BoxSize size) {
  const std::int64_t places = columns - size.w + 1;
  return {(2 * (index / places) + size.h) * (kToken / 2),
          (2 * (index % places) + size.w) * (kToken / 2), true};
}

// The middle of the integer box around a centre, slid inside the grid.
MGM_HD inline Centre slid_centre(Centre centre, std::int64_t rows, std::int64_t columns,
                                 BoxSize size) {
  const std::int64_t top = clamp_to(box_start(centre.row, size.h), 0, rows - size.h);
  const std::int64_t left = clamp_to(box_start(centre.column, size.w), 0, columns - size.w);
  return {(2 * top + size.h) * (kToken / 2), (2 * left + size.w) * (kToken / 2), false};
}

// First token of a box around a place, slid inside the grid, in tokens.
MGM_HD inline double slid_edge(std::int64_t place, std::int64_t length, std::int64_t tokens) {
  const std::int64_t start = place - length * (kToken / 2);
  return static_cast<double>(clamp_to(start, 0, (tokens - length) * kToken)) /
         static_cast<double>(kToken);
}

// An edge in tokens as source pixels, kept inside the picture.
MGM_HD inline float source_edge(double start, double length, double token, std::int64_t tokens,
                                std::int64_t limit) {
  const double pixels = start + length * token / static_cast<double>(tokens);
  const auto most = static_cast<double>(limit);
  return static_cast<float>(pixels < 0.0 ? 0.0 : (pixels > most ? most : pixels));
}

// xyxy in source pixels: the box around a centre, slid inside the grid, mapped by the view and kept
// inside a picture of width x height.
MGM_HD inline void box_in_source(const Centre& centre, const Grid& grid, BoxSize size,
                                 const View& view, std::int64_t width, std::int64_t height,
                                 float* xyxy) {
  const double top = slid_edge(centre.row, size.h, grid.rows);
  double left = slid_edge(centre.column, size.w, grid.columns);
  if (view.hflip != 0) left = static_cast<double>(grid.columns - size.w) - left;
  const double bottom = top + static_cast<double>(size.h);
  const double right = left + static_cast<double>(size.w);
  xyxy[0] = source_edge(view.x, view.w, left, grid.columns, width);
  xyxy[1] = source_edge(view.y, view.h, top, grid.rows, height);
  xyxy[2] = source_edge(view.x, view.w, right, grid.columns, width);
  xyxy[3] = source_edge(view.y, view.h, bottom, grid.rows, height);
}

}  // namespace mgm
