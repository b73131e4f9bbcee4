#pragma once

#include <exception>
#include <span>
#include <string>
#include <vector>

#include "decode/libav.hpp"
#include "decode/watchdog.hpp"
#include "mgm.hpp"
#include "taps/container.h"

namespace mgm {

// Owns an open container and the choice of one video stream; yields that stream's packets in file
// order. Does not decode. Opens no other file and no network address. Asks the watchdog, which must
// outlive it, at every read. What the container's index may take is bounded by the file's size.
class Demuxer {
 public:
  Demuxer(Source source, const ReadOptions& options, const Watchdog& watchdog);
  Demuxer(const Demuxer&) = delete;
  Demuxer& operator=(const Demuxer&) = delete;
  ~Demuxer() = default;

  // The next packet, or false at the end of the file. Damage is remembered.
  [[nodiscard]] bool read(AVPacket& packet);
  // Goes to the last key frame at or before pts; false when the container's seeking cannot.
  [[nodiscard]] bool seek(std::int64_t pts);
  [[nodiscard]] bool seek_byte(std::int64_t place);
  // Fills the buffer with the bytes of the file at a place, and no others are read; fewer where it
  // ends. Returns how many. Packets go on from where they stood.
  [[nodiscard]] std::size_t peek(std::int64_t place, std::span<std::uint8_t> buffer);

  [[nodiscard]] AVStream& stream() const { return *context_->streams[stream_]; }
  [[nodiscard]] AVFormatContext& context() const { return *context_; }
  [[nodiscard]] const std::string& name() const { return source_.name; }
  [[nodiscard]] bool damaged() const { return damaged_; }
  // Bytes of the file, negative where unknown. Throws what a file object's seek() raises.
  [[nodiscard]] std::int64_t size() const;

 private:
  void open();
  void open_io();
  [[nodiscard]] std::vector<std::uint8_t> head();
  void find_stream_info();
  [[nodiscard]] int best_stream() const;
  void choose_stream(std::optional<int> wanted);
  [[nodiscard]] bool seek_to(std::int64_t target, int flags);
  void limit(const ReadOptions& options);
  // Throws what libav's C frames could not carry: an exception of the source or the watchdog, or
  // the refusal of an index.
  void rethrow();
  void check(int status, const std::string& attempted) const;
  [[nodiscard]] std::int64_t read_at_position(std::span<std::uint8_t> buffer);
  static int interrupt_callback(void* opaque);
  static int read_callback(void* opaque, std::uint8_t* buffer, int size);
  static std::int64_t seek_callback(void* opaque, std::int64_t offset, int whence);

  Source source_;
  std::int64_t position_ = 0;  // of the next byte to read, in bytes and file objects
  const Watchdog& watchdog_;
  std::exception_ptr failure_;  // thrown by a file object or the watchdog
  MgmContainer container_{};
  libav::IoContext io_;  // declared before context_: closed after it
  libav::FormatContext context_;
  int stream_ = -1;
  bool damaged_ = false;
};

}  // namespace mgm
