#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "math/mask_math.hpp"
#include "score/score.hpp"

namespace mgm {

namespace {

// Pixels [low, high) of a frame that belong to one token along an axis; never none.
struct Span {
  std::int64_t low = 0, high = 0;
};

std::vector<Span> token_pixels(double start, double length, std::int64_t tokens,
                               std::int64_t pixels, std::int64_t picture, bool mirrored) {
  const auto edge = [&](std::int64_t j) {
    return pixel_edge(start, length, j, tokens, pixels, picture);
  };
  std::vector<Span> spans(static_cast<std::size_t>(tokens));
  for (std::int64_t j = 0; j < tokens; ++j) {
    const std::int64_t low = std::min(edge(j), pixels - 1);
    spans[static_cast<std::size_t>(mirrored ? tokens - 1 - j : j)] = {
        low, std::max(edge(j + 1), low + 1)};
  }
  return spans;
}

// Gradients of one frame, row by row, 8 times too large; the border repeats outwards.
class Sobel {
 public:
  explicit Sobel(const FramesView& frames)
      : frames_(frames), wide_(static_cast<std::size_t>(frames.width)) {
    for (auto* row : {&luma_[0], &luma_[1], &luma_[2], &smooth_, &difference_}) {
      row->resize(wide_ + 2);
    }
    dx_.resize(wide_);
    dy_.resize(wide_);
  }

  // Row y of frame t; consecutive rows share their luma.
  void load(std::int64_t t, std::int64_t y) {
    if (t != frame_ || y != row_ + 1) {
      load_luma(t, y - 1, luma_[0]);
      load_luma(t, y, luma_[1]);
    } else {
      std::swap(luma_[0], luma_[1]);
      std::swap(luma_[1], luma_[2]);
    }
    load_luma(t, y + 1, luma_[2]);
    frame_ = t;
    row_ = y;
    const std::int16_t *above = luma_[0].data(), *here = luma_[1].data(), *under = luma_[2].data();
    std::int16_t *smooth = smooth_.data(), *difference = difference_.data();
    for (std::size_t x = 0; x < wide_ + 2; ++x) {
      smooth[x] = static_cast<std::int16_t>(above[x] + 2 * here[x] + under[x]);
      difference[x] = static_cast<std::int16_t>(under[x] - above[x]);
    }
    for (std::size_t x = 0; x < wide_; ++x) {
      dx_[x] = static_cast<std::int16_t>(smooth[x + 2] - smooth[x]);
      dy_[x] = static_cast<std::int16_t>(difference[x] + 2 * difference[x + 1] + difference[x + 2]);
    }
  }

  [[nodiscard]] const std::int16_t* dx() const { return dx_.data(); }
  [[nodiscard]] const std::int16_t* dy() const { return dy_.data(); }

 private:
  using Row = std::vector<std::int16_t>;

  void load_luma(std::int64_t t, std::int64_t y, Row& row) const {
    y = clamp_to(y, 0, frames_.height - 1);
    const std::uint8_t* pixel =
        frames_.pixels.data() + (t * frames_.height + y) * frames_.width * 3;
    std::int16_t* out = row.data() + 1;
    for (std::size_t x = 0; x < wide_; ++x) {
      out[x] = static_cast<std::int16_t>(luma_of(pixel + 3 * x));
    }
    row.front() = row[1];
    row.back() = row[wide_];
  }

  const FramesView& frames_;
  std::size_t wide_;
  std::int64_t frame_ = -1, row_ = 0;
  Row luma_[3], smooth_, difference_, dx_, dy_;
};

struct Tensor {
  std::int64_t xx = 0, xy = 0, yy = 0;
};

// Sums of one row's products over [low, high); 1024 products of 2^20 stay within 32 bits.
void add_products(const Sobel& sobel, Span span, Tensor& tensor) {
  constexpr std::int64_t kChunk = 1024;
  const std::int16_t *dx = sobel.dx(), *dy = sobel.dy();
  for (std::int64_t low = span.low; low < span.high; low += kChunk) {
    std::int32_t xx = 0, xy = 0, yy = 0;
    const std::int64_t high = std::min(low + kChunk, span.high);
    for (std::int64_t x = low; x < high; ++x) {
      xx += dx[x] * dx[x];
      xy += dx[x] * dy[x];
      yy += dy[x] * dy[x];
    }
    tensor.xx += xx;
    tensor.xy += xy;
    tensor.yy += yy;
  }
}

}  // namespace

std::vector<std::int32_t> token_texture(const FramesView& frames, const Grid& grid,
                                        const View& view, int width, int height) {
  check_grid(grid);
  if (frames.frames < 1 || frames.frames % grid.slots != 0) {
    throw std::invalid_argument("grid must have a number of slots that divides the " +
                                std::to_string(frames.frames) + " frames, not " +
                                std::to_string(grid.slots));
  }
  const auto down = token_pixels(view.y, view.h, grid.rows, frames.height, height, false);
  const auto across =
      token_pixels(view.x, view.w, grid.columns, frames.width, width, view.hflip != 0);
  const std::int64_t tubelet = frames.frames / grid.slots;
  std::vector<std::int32_t> weights;
  weights.reserve(static_cast<std::size_t>(grid.slots) * down.size() * across.size());
  Sobel sobel(frames);
  std::vector<Tensor> tensors(down.size() * across.size());
  for (std::int64_t s = 0; s < grid.slots; ++s) {
    std::fill(tensors.begin(), tensors.end(), Tensor{});
    for (std::int64_t t = s * tubelet; t < (s + 1) * tubelet; ++t) {
      for (std::size_t r = 0; r < down.size(); ++r) {
        for (std::int64_t y = down[r].low; y < down[r].high; ++y) {
          sobel.load(t, y);
          for (std::size_t c = 0; c < across.size(); ++c) {
            add_products(sobel, across[c], tensors[r * across.size() + c]);
          }
        }
      }
    }
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const Span rows = down[i / across.size()], columns = across[i % across.size()];
      const std::int64_t n = tubelet * (rows.high - rows.low) * (columns.high - columns.low);
      weights.push_back(texture_weight(tensors[i].xx, tensors[i].xy, tensors[i].yy, n));
    }
  }
  return weights;
}

}  // namespace mgm
