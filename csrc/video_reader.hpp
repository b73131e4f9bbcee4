#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mgm.hpp"
#include "select_rows.hpp"

namespace mgm {

// Size of the frames that a reader gives: as the video, a short side, or both.
struct OutputSize {
  std::optional<int> short_side, height, width;
};

struct ClipOptions {
  bool pixels = true;
  Window window = Window::kCentred;
  std::optional<int> cell;
};

// A sampled clip: T frames of RGB (none without pixels) and the field of the coded frames around.
struct Clip {
  std::unique_ptr<std::uint8_t[]> frames;  // [T, height, width, 3]
  std::int64_t height = 0, width = 0;
  MotionField field;
  std::vector<std::int64_t> frame_indices;  // [T], none negative
  std::vector<double> seconds;              // [T], NaN where unknown
  std::string picture_types;                // [T]
  std::vector<std::uint8_t> stand_in;       // [T], lost or damaged: the pixels are another frame's
};

// Clips of one open video. Not safe for two threads at once.
class VideoReader {
 public:
  VideoReader(Source source, const ReadOptions& options, const OutputSize& size);
  ~VideoReader();

  // Throws std::out_of_range past the end, DecodeError, std::invalid_argument.
  [[nodiscard]] Clip read_clip(std::span<const std::int64_t> frame_indices,
                               const ClipOptions& options);
  // Throws NoMotionVectors when the codec carries none that we read.
  void require_vectors() const;
  // Counted by decoding where the container does not tell.
  [[nodiscard]] std::int64_t num_frames();
  // Seconds of every frame, where the container has them; else empty.
  [[nodiscard]] std::vector<double> frame_seconds();
  [[nodiscard]] VideoInfo info();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct FieldOfFile {
  MotionField field;
  VideoInfo info;
};

// One row per frame of the whole video.
[[nodiscard]] FieldOfFile read_motion_field(Source source, const ReadOptions& options,
                                            std::optional<int> cell);

}  // namespace mgm
