// Subtracts the camera's motion from one row of a field.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/camera_math.hpp"

namespace mgm {

// One row, component by component, with the room that fitting a camera needs. load, then subtract.
class CameraRow {
 public:
  CameraRow(std::int64_t cells_high, std::int64_t cells_wide);

  // vectors [R, C, 2] of one row of a field.
  void load(std::span<const std::int16_t> vectors);

  // Replaces each valid vector by what is left of it, clamped to +-32767.
  void subtract(Camera camera);

  // dx and dy are 0 where valid (-1 or 0) is 0.
  [[nodiscard]] std::span<const std::int16_t> dx() const { return dx_; }
  [[nodiscard]] std::span<const std::int16_t> dy() const { return dy_; }
  [[nodiscard]] std::span<const std::int16_t> valid() const { return valid_; }

 private:
  void subtract_median();
  void subtract_affine();
  template <class Accumulator>
  [[nodiscard]] FitSums sums_of_kept() const;
  [[nodiscard]] bool fit(Plane& across, Plane& down) const;
  // Into `left` what is left of dx_ or dy_; residual_ is room for it.
  void subtract_plane(const Plane& plane, const std::vector<std::int16_t>& component,
                      std::vector<std::int16_t>& left);
  void take_residual(const Plane& across, const Plane& down);
  void keep_small_residuals();
  [[nodiscard]] std::int16_t lower_median(const std::vector<std::int16_t>& values) const;

  std::int64_t high_, wide_;
  std::vector<std::int16_t> dx_, dy_, valid_, keep_;
  std::vector<std::int16_t> left_dx_, left_dy_, place_;
  std::vector<double> place_double_;
  std::vector<std::int32_t> residual_;
};

}  // namespace mgm
