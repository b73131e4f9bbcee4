#pragma once

#include <optional>
#include <span>
#include <vector>

#include "decode/clip.hpp"
#include "decode/clip_frames.hpp"
#include "decode/clip_plan.hpp"
#include "decode/clip_reader.hpp"
#include "decode/field_writer.hpp"
#include "decode/helper_thread.hpp"

namespace mgm {

// A video opened once, and its clips: what VideoReader reads one after the other while all is
// whole, and opens anew where something is not.
class OpenVideo {
 public:
  OpenVideo(const Source& source, const ReadOptions& options, const OutputSize& size);

  void begin_call(Watchdog::Clock::time_point now);
  void learn_from(const OpenVideo& other) { reader_.learn_from(other.reader_); }
  // Counts frames by decoding them, after WrongIndex.
  void recount() { reader_.recount(); }
  // Throws WrongIndex.
  [[nodiscard]] Clip read_clip(std::span<const std::int64_t> frame_indices,
                               const ClipOptions& options);
  // Throws NoMotionVectors when the codec is not tapped.
  void require_vectors() const { reader_.loop().decoder().require_vectors(); }
  [[nodiscard]] std::int64_t num_frames() { return reader_.index().num_frames(); }
  // Seconds of every frame, where the container has them; else empty.
  [[nodiscard]] std::vector<double> frame_seconds();
  [[nodiscard]] VideoInfo info();

 private:
  [[nodiscard]] static ClipReader::Fetched fetch(ClipReader& reader, std::int64_t index);
  void measure(const AVFrame& frame, std::vector<Wanted> wanted);
  // The two halves of a clip: rows of the field with, if asked for, the frames; frames alone.
  void read_rows(std::span<const Use> rows, std::span<const Use> samples, bool pixels,
                 FieldWriter& writer, Clip& clip);
  [[nodiscard]] bool threads_are_right() const;
  void read_pixels(std::span<const Use> samples, Clip& clip);
  void read_both(std::span<const Use> rows, std::span<const Use> samples, FieldWriter& writer,
                 Clip& clip);
  void describe(const ClipReader::Fetched& fetched, Clip& clip, std::size_t sample);

  ReadOptions options_;
  HelperThread helper_;
  ClipReader reader_;
  // Its own decoder on many threads, beside the one that reads vectors on a thread of its own.
  std::optional<ClipReader> pixel_reader_;
  VideoInfo header_;
  ClipFrames frames_;
  std::optional<PictureGeometry> picture_;  // of the file's first frame
};

}  // namespace mgm
