// Motion per token: what the field says of each token of a view. No box, no mask.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/camera_math.hpp"
#include "mgm.hpp"

namespace mgm {

// Source pixels; x1 and y1 exclusive.
struct Box {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

struct ScoreOptions {
  Camera camera = Camera::kAffine;
  std::span<const std::int32_t> weight;  // [S, R, C], 0 to 65536; empty: none
  bool weight_by_coded = false;          // the field's coded share instead of weight
  std::span<const Box> ignore;           // a token whose centre lies in one scores 0
};

// In 2^-16 of 1/64 source pixel per frame.
struct Score {
  Grid grid;
  std::vector<std::int64_t> values;  // [S, R, C], weighted
  std::vector<std::int64_t> motion;  // [S, R, C], before weighting
  std::vector<std::uint8_t> valid;   // [S, R, C], the token has a valid cell of its own
  std::vector<std::uint8_t> cuts;    // [S], a row of the slot is a scene cut
};

// A score that somebody else owns.
struct ScoreView {
  Grid grid;
  std::span<const std::int64_t> values, motion;
  std::span<const std::uint8_t> valid, cuts;
};

// Mean speed of each token over the rows of its slot; S must divide the number of sampled frames.
[[nodiscard]] Score motion_score(const FieldView& field, const Grid& grid, const View& view,
                                 const ScoreOptions& options);

// Share of each token's area that carries coefficients or is intra: [S, R, C], times 65536, floor.
[[nodiscard]] std::vector<std::int32_t> coded_share(const FieldView& field, const Grid& grid,
                                                    const View& view);

// Frames uint8 [T, H, W, 3] that show the whole picture, at any scale.
struct FramesView {
  std::int64_t frames = 0, height = 0, width = 0;
  std::span<const std::uint8_t> pixels;
};

// t / (t + 2) times 65536, t the smaller eigenvalue of each token's structure tensor in grey levels
// squared: [S, R, C]. width, height: of the picture that the view's pixels refer to.
[[nodiscard]] std::vector<std::int32_t> token_texture(const FramesView& frames, const Grid& grid,
                                                      const View& view, int width, int height);

}  // namespace mgm
