#pragma once

#include <exception>
#include <span>
#include <string>

#include "libav.hpp"
#include "mgm.hpp"

namespace mgm {

// Owns an open container and the choice of one video stream; yields that stream's packets in file
// order. Does not decode. Opens no other file and no network address.
class Demuxer {
 public:
  Demuxer(Source source, const ReadOptions& options);
  Demuxer(const Demuxer&) = delete;
  Demuxer& operator=(const Demuxer&) = delete;
  ~Demuxer() = default;

  // The next packet, or false at the end of the file. Damage is remembered.
  [[nodiscard]] bool read(AVPacket& packet);

  [[nodiscard]] AVStream& stream() const { return *context_->streams[stream_]; }
  [[nodiscard]] AVFormatContext& context() const { return *context_; }
  [[nodiscard]] const std::string& name() const { return source_.name; }
  [[nodiscard]] bool damaged() const { return damaged_; }

 private:
  void open();
  void open_io();
  void find_stream_info();
  void choose_stream(std::optional<int> wanted);
  void rethrow();
  void check(int status, const std::string& attempted) const;
  [[nodiscard]] std::int64_t size() const;
  [[nodiscard]] std::int64_t read_at_position(std::span<std::uint8_t> buffer);
  static int read_callback(void* opaque, std::uint8_t* buffer, int size);
  static std::int64_t seek_callback(void* opaque, std::int64_t offset, int whence);

  Source source_;
  std::int64_t position_ = 0;   // of the next byte to read, in bytes and file objects
  std::exception_ptr failure_;  // thrown by a file object, carried past libav's C frames
  libav::IoContext io_;         // declared before context_: closed after it
  libav::FormatContext context_;
  int stream_ = -1;
  bool damaged_ = false;
};

}  // namespace mgm
