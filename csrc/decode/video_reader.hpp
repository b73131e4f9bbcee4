#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "decode/clip.hpp"
#include "mgm.hpp"

namespace mgm {

class OpenVideo;

// Clips of one open video, each a function of the file and the arguments alone: what was read
// before saves work where all of that was whole, and is forgotten otherwise. Not safe for two
// threads at once.
class VideoReader {
 public:
  VideoReader(Source source, ReadOptions options, const OutputSize& size);
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
  void begin_call();
  void renew();
  [[nodiscard]] std::optional<Clip> read_on(std::span<const std::int64_t> frame_indices,
                                            const ClipOptions& options);
  [[nodiscard]] Clip read_anew(std::span<const std::int64_t> frame_indices,
                               const ClipOptions& options);

  Source source_;
  ReadOptions options_;
  OutputSize size_;
  std::unique_ptr<OpenVideo> video_;
  bool new_ = true;       // video_ has read no clip
  bool whole_ = true;     // all that video_ read
  bool damaged_ = false;  // some clip
};

struct FieldOfFile {
  MotionField field;
  VideoInfo info;
};

// One row per frame of the whole video.
[[nodiscard]] FieldOfFile read_motion_field(const Source& source, const ReadOptions& options,
                                            std::optional<int> cell);

}  // namespace mgm
