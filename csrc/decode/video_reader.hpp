#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "decode/clip.hpp"
#include "mgm.hpp"

namespace mgm {

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
