#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "error.hpp"
#include "mgm.hpp"

namespace mgm {

// What a call may give back at most, whatever the file says: max_pixels for each frame, max_bytes
// for all frames, and as much for the field or the vectors.
class ResultLimits {
 public:
  ResultLimits(std::string name, const ReadOptions& options)
      : name_(std::move(name)), max_pixels_(options.max_pixels), max_bytes_(options.max_bytes) {}

  void check_clip(std::int64_t bytes, std::int64_t frame) const {
    if (bytes > max_bytes_) refuse("the frames of the clip", bytes, frame);
  }

  void check_vectors(std::int64_t bytes, std::int64_t first, std::int64_t last) const {
    if (bytes > max_bytes_) refuse("the vectors of frames " + range(first, last), bytes, last);
  }

  void check_field(std::int64_t bytes, std::int64_t rows) const {
    if (bytes > max_bytes_) refuse("the field's rows " + range(0, rows - 1), bytes, rows - 1);
  }

  // A frame to be given, made of a picture of the stream.
  void check_frame(std::int64_t height, std::int64_t width, int picture_height,
                   int picture_width) const {
    const bool fits = height <= kLongestSide && width <= kLongestSide;
    const bool scaled = height != picture_height || width != picture_width;
    if ((fits || !scaled) && height * width <= max_pixels_) return;
    throw DecodeError(name_, std::nullopt,
                      "frames of " + std::to_string(width) + "x" + std::to_string(height) +
                          " would be made of pictures of " + std::to_string(picture_width) + "x" +
                          std::to_string(picture_height) + "; allowed are sides of " +
                          std::to_string(kLongestSide) +
                          " and max_pixels=" + std::to_string(max_pixels_));
  }

 private:
  static std::string range(std::int64_t first, std::int64_t last) {
    return std::to_string(first) + " to " + std::to_string(last);
  }

  [[noreturn]] void refuse(const std::string& what, std::int64_t bytes, std::int64_t frame) const {
    throw DecodeError(name_, frame,
                      what + " take " + std::to_string(bytes) + " bytes, more than max_bytes=" +
                          std::to_string(max_bytes_) + ": read fewer frames, or allow more");
  }

  static constexpr std::int64_t kLongestSide = 1 << 14;

  std::string name_;
  std::int64_t max_pixels_, max_bytes_;
};

}  // namespace mgm
