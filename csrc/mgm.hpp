// The public header of the core: value types and functions. No Python, no torch, no libav type.
// Every array is row-major; T sampled frames, M coded frames, N blocks, R x C cells or tokens, S
// slots.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "column.hpp"
#include "grid.hpp"

namespace mgm {

inline constexpr std::int64_t kNoPts = std::numeric_limits<std::int64_t>::min();

// Where a video comes from: a path, bytes in memory, or a seekable file object behind two
// callbacks.
struct Source {
  std::string name;  // the path, as the system has it; "<bytes>" otherwise
  std::optional<std::span<const std::uint8_t>> bytes;
  // Fills the buffer from `offset` on, whoever moved the object's own position meanwhile. Returns
  // the number of bytes, 0 at the end.
  std::function<std::int64_t(std::int64_t offset, std::span<std::uint8_t> buffer)> read;
  std::function<std::int64_t()> size;  // bytes in all
};

struct ReadOptions {
  std::optional<int> stream;  // nullopt: the best video stream
  bool rotate = true;         // apply the display matrix
  bool strict = false;        // raise on damage instead of marking it
  std::int64_t max_pixels = std::int64_t{1} << 26;
  std::int64_t max_bytes = std::int64_t{1} << 34;  // of frames, and of field or vectors
  std::optional<double> max_seconds;               // decode budget of a call
  // When the call began; nullopt: now.
  std::optional<std::chrono::steady_clock::time_point> began = std::nullopt;
  int num_threads = 1;              // of VideoReader, for pixels; of whole files
  bool vectors_only = true;         // do not reconstruct pixels; the vectors are the same
  std::function<void()> interrupt;  // called often; may throw to stop (Ctrl-C)
};

struct VideoInfo {
  std::string codec, profile, pixel_format;
  std::string container;      // libav's names of the format, such as "mov,mp4,m4a,3gp,3g2,mj2"
  int width = 0, height = 0;  // as shown: cropped and turned
  std::optional<std::int64_t> num_frames;
  double average_fps = 0, duration_seconds = 0;
  std::array<int, 2> time_base{0, 1};
  int rotation = 0;    // degrees clockwise to turn the coded picture upright: 0, 90, 180, 270
  bool hflip = false;  // mirrored after turning
  std::array<int, 2> sample_aspect_ratio{1, 1};
  bool has_vectors = false, damaged = false;
  std::vector<std::array<std::int64_t, 3>> size_changes;  // frame, width, height
  std::vector<std::int64_t> key_frames;
  std::optional<bool> reordered;  // frames are stored in another order than shown
};

// What the codec wrote. Ragged: rows [offsets[i], offsets[i + 1]) belong to frame i.
struct MotionVectors {
  std::vector<std::int64_t> offsets{0};  // [M + 1]
  Column<std::int32_t> source;           // -1 past, 1 future, 0 unknown
  Column<std::uint8_t> w, h;
  Column<std::int16_t> src_x, src_y, dst_x, dst_y;
  Column<std::uint64_t> flags;
  Column<std::int32_t> motion_x, motion_y;
  Column<std::uint16_t> motion_scale;
  Column<float> reference_distance;      // display frames; NaN unknown
  std::string picture_types;             // [M], one character each
  std::vector<std::int64_t> pts;         // [M], kNoPts where unknown
  std::vector<double> seconds;           // [M], NaN where unknown
  std::vector<std::uint8_t> key_frames;  // [M]
  VideoInfo info;
};

inline constexpr std::int16_t kInvalid = -32768;  // in dx: a cell without motion

// Dense motion: int16 (dx, dy) per cell, 1/64 source pixel per frame, the direction in which
// content moves.
struct MotionField {
  std::int64_t rows = 0, cells_high = 0, cells_wide = 0;  // M, R, C
  int cell = 0, width = 0, height = 0;                    // of the turned picture, source pixels
  Column<std::int16_t> vectors;                           // [M, R, C, 2]
  Column<std::uint8_t> coded;                             // [M, R, C]
  std::vector<std::uint8_t> cuts;                         // [M]
  std::vector<std::int64_t> row_frames;                   // [M] display index
  std::vector<std::int64_t> sample_offsets;               // [T + 1]
};

// A field that somebody else owns (a NumPy array, mostly); same meaning as MotionField.
struct FieldView {
  std::int64_t rows = 0, cells_high = 0, cells_wide = 0;
  int cell = 0, width = 0, height = 0;
  std::span<const std::int16_t> vectors;
  std::span<const std::uint8_t> coded;
  std::span<const std::uint8_t> cuts;
  std::span<const std::int64_t> sample_offsets;
};

// Header only; decodes nothing.
[[nodiscard]] VideoInfo probe(Source source, const ReadOptions& options);

// kCoded: the truth of the stream. kLibavcodec: the rows of libavcodec's public export.
enum class Blocks { kCoded, kLibavcodec };

// Frames [start, stop) in display order. Throws DecodeError, NoMotionVectors, SystemError.
[[nodiscard]] MotionVectors read_motion_vectors(const Source& source, const ReadOptions& options,
                                                Blocks blocks, std::int64_t start,
                                                std::optional<std::int64_t> stop);

}  // namespace mgm
