// What the core throws. The bindings translate each to its Python class.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace mgm {

// The stream cannot be decoded; frame is a display index, or nullopt before the first.
class DecodeError : public std::runtime_error {
 public:
  DecodeError(std::string path, std::optional<std::int64_t> frame, const std::string& reason)
      : std::runtime_error(reason), path_(std::move(path)), frame_(frame) {}
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::optional<std::int64_t> frame() const { return frame_; }

 private:
  std::string path_;
  std::optional<std::int64_t> frame_;
};

// The codec carries no vectors, or none that we read.
class NoMotionVectors : public std::runtime_error {
 public:
  NoMotionVectors(std::string path, std::string codec, const std::string& reason)
      : std::runtime_error(reason), path_(std::move(path)), codec_(std::move(codec)) {}
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& codec() const { return codec_; }

 private:
  std::string path_, codec_;
};

// An error of the operating system, by errno.
class SystemError : public std::runtime_error {
 public:
  SystemError(int code, std::string path)
      : std::runtime_error("system error"), code_(code), path_(std::move(path)) {}
  [[nodiscard]] int code() const { return code_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  int code_;
  std::string path_;
};

// The caller's max_seconds were over; says nothing about the stream.
class TimeLimitExceeded : public DecodeError {
 public:
  using DecodeError::DecodeError;
};

}  // namespace mgm
