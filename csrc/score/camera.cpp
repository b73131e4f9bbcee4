#include "score/camera.hpp"

#include <algorithm>
#include <array>

#include "math/camera_math.hpp"
#include "mgm.hpp"

namespace mgm {

namespace {

constexpr std::int64_t kWidestIn32Bits = 360;

}  // namespace

CameraRow::CameraRow(std::int64_t cells_high, std::int64_t cells_wide)
    : high_(cells_high), wide_(cells_wide) {
  const auto cells = static_cast<std::size_t>(high_ * wide_);
  for (auto* row : {&dx_, &dy_, &valid_, &keep_, &left_dx_, &left_dy_}) row->resize(cells);
  residual_.resize(cells);
  for (std::int64_t c = 0; c < wide_ && wide_ <= kWidestFitted; ++c) {
    place_.push_back(static_cast<std::int16_t>(2 * c + 1 - wide_));
    place_double_.push_back(static_cast<double>(2 * c + 1 - wide_));
  }
}

void CameraRow::load(std::span<const std::int16_t> vectors) {
  const std::int16_t* pair = vectors.data();
  const std::size_t cells = dx_.size();
  std::int16_t *dx = dx_.data(), *dy = dy_.data(), *valid = valid_.data();
  for (std::size_t i = 0; i < cells; ++i) {
    const auto mask = static_cast<std::int16_t>(pair[2 * i] == kInvalid ? 0 : -1);
    dx[i] = pair[2 * i] & mask;
    dy[i] = pair[2 * i + 1] & mask;
    valid[i] = mask;
  }
}

void CameraRow::subtract(Camera camera) {
  if (camera == Camera::kMedian) subtract_median();
  if (camera == Camera::kAffine) subtract_affine();
}

std::int16_t CameraRow::lower_median(const std::vector<std::int16_t>& values) const {
  // Two passes of counting: the high byte of the median, then its low byte.
  std::array<std::int64_t, 256> high{}, low{};
  std::int64_t count = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    high[static_cast<std::size_t>((values[i] >> 8) + 128)] -= valid_[i];
    count -= valid_[i];
  }
  std::int64_t before = (count - 1) / 2;
  std::size_t top = 0;
  while (before >= high[top]) before -= high[top++];
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool inside = static_cast<std::size_t>((values[i] >> 8) + 128) == top;
    low[static_cast<std::size_t>(values[i] & 255)] -= inside ? valid_[i] : 0;
  }
  std::size_t bottom = 0;
  while (before >= low[bottom]) before -= low[bottom++];
  return static_cast<std::int16_t>((static_cast<int>(top) - 128) * 256 + static_cast<int>(bottom));
}

void CameraRow::subtract_median() {
  if (std::none_of(valid_.begin(), valid_.end(), [](std::int16_t mask) { return mask != 0; })) {
    return;
  }
  const int dx = lower_median(dx_), dy = lower_median(dy_);
  for (std::size_t i = 0; i < dx_.size(); ++i) {
    dx_[i] = static_cast<std::int16_t>(left_over(dx_[i] - dx) & valid_[i]);
    dy_[i] = static_cast<std::int16_t>(left_over(dy_[i] - dy) & valid_[i]);
  }
}

template <class Accumulator>
FitSums CameraRow::sums_of_kept() const {
  FitSums sums;
  for (std::int64_t r = 0; r < high_; ++r) {
    const std::int16_t* dx = dx_.data() + r * wide_;
    const std::int16_t* dy = dy_.data() + r * wide_;
    const std::int16_t* keep = keep_.data() + r * wide_;
    const std::int16_t* place = place_.data();
    Accumulator n = 0, x = 0, xx = 0, sum_dx = 0, x_dx = 0, sum_dy = 0, x_dy = 0;
    for (std::int64_t c = 0; c < wide_; ++c) {
      const auto kept = static_cast<std::int16_t>(place[c] & keep[c]);
      n += static_cast<Accumulator>(-keep[c]);
      x += static_cast<Accumulator>(kept);
      xx += static_cast<Accumulator>(kept * place[c]);
      sum_dx += static_cast<Accumulator>(dx[c] & keep[c]);
      sum_dy += static_cast<Accumulator>(dy[c] & keep[c]);
      x_dx += static_cast<Accumulator>(kept * dx[c]);
      x_dy += static_cast<Accumulator>(kept * dy[c]);
    }
    const std::int64_t y = 2 * r + 1 - high_;
    sums.n += n, sums.x += x, sums.xx += xx;
    sums.y += y * n, sums.xy += y * x, sums.yy += y * y * n;
    sums.dx += sum_dx, sums.x_dx += x_dx, sums.y_dx += y * sum_dx;
    sums.dy += sum_dy, sums.x_dy += x_dy, sums.y_dy += y * sum_dy;
  }
  return sums;
}

bool CameraRow::fit(Plane& across, Plane& down) const {
  const FitSums s =
      wide_ <= kWidestIn32Bits ? sums_of_kept<std::int32_t>() : sums_of_kept<std::int64_t>();
  return fit_planes(s, across, down);
}

// A loop for each step: compilers vectorise each of them, but not all in one.
void CameraRow::subtract_plane(const Plane& plane, const std::vector<std::int16_t>& component,
                               std::vector<std::int16_t>& left) {
  for (std::int64_t r = 0; r < high_; ++r) {
    const double base = plane.constant + plane.y * static_cast<double>(2 * r + 1 - high_);
    const double* x = place_double_.data();
    std::int32_t* camera = residual_.data() + r * wide_;
    for (std::int64_t c = 0; c < wide_; ++c) camera[c] = predicted(base + plane.x * x[c]);
  }
  const std::int16_t *from = component.data(), *valid = valid_.data();
  const std::int32_t* camera = residual_.data();
  std::int16_t* to = left.data();
  for (std::size_t i = 0; i < left.size(); ++i) to[i] = left_over(from[i] - camera[i]) & valid[i];
}

void CameraRow::take_residual(const Plane& across, const Plane& down) {
  subtract_plane(across, dx_, left_dx_);
  subtract_plane(down, dy_, left_dy_);
  const std::int16_t *dx = left_dx_.data(), *dy = left_dy_.data();
  std::int32_t* residual = residual_.data();
  for (std::size_t i = 0; i < residual_.size(); ++i) residual[i] = speed(dx[i], dy[i]);
}

void CameraRow::keep_small_residuals() {
  std::int64_t sum = 0, count = 0;
  for (std::size_t i = 0; i < residual_.size(); ++i) {
    sum += keep_[i] != 0 ? residual_[i] : 0;
    count -= keep_[i];
  }
  const std::int32_t limit = residual_limit(sum, count);
  for (std::size_t i = 0; i < residual_.size(); ++i) {
    keep_[i] = static_cast<std::int16_t>(residual_[i] < limit ? valid_[i] : 0);
  }
}

void CameraRow::subtract_affine() {
  if (!can_fit(high_, wide_)) return subtract_median();
  keep_ = valid_;
  for (int round = 0; round < kFitRounds; ++round) {
    if (round > 0) keep_small_residuals();
    Plane across, down;
    if (!fit(across, down)) return subtract_median();
    take_residual(across, down);
  }
  dx_.swap(left_dx_);
  dy_.swap(left_dy_);
}

}  // namespace mgm
