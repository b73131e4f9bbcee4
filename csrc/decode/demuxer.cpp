#include "decode/demuxer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include "decode/refusals.hpp"
#include "error.hpp"
#include "taps/mov_index.h"

namespace mgm {
namespace {

constexpr int kIoBuffer = 1 << 16;

// While it grows an index takes up to 72 bytes for a sample, which costs the file itself at least
// 7: 4 in its table of sizes and 3 of, say, silence.
constexpr std::int64_t kIndexPerByte = 16, kLeastIndex = 1 << 20;
constexpr std::int64_t kEditsPerByte = 64, kLeastEdits = 1 << 24;
constexpr std::int64_t kUnknownSize = 1 << 22;  // taken for the size of what cannot tell it
constexpr std::int64_t kLargestSize = std::int64_t{1} << 48;

// While libavformat works on a context, its index is bounded.
class Entered {
 public:
  explicit Entered(const AVFormatContext* context) : before_(mgm_enter_container(context)) {}
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;
  ~Entered() { mgm_enter_container(before_); }

 private:
  const AVFormatContext* before_;
};

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

bool is_readable(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> buffer(kIoBuffer);
  while (file.read(buffer.data(), kIoBuffer)) continue;
  return file.eof();
}

// Packets are whole frames, each with its time.
bool holds_frames(AVCodecID codec) {
  return codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC || codec == AV_CODEC_ID_VP8 ||
         codec == AV_CODEC_ID_VP9 || codec == AV_CODEC_ID_AV1;
}

}  // namespace

Demuxer::Demuxer(Source source, const ReadOptions& options, const Watchdog& watchdog)
    : source_(std::move(source)), watchdog_(watchdog) {
  limit(options);
  open();
  choose_stream(options.stream);
}

std::int64_t Demuxer::read_at_position(std::span<std::uint8_t> buffer) {
  if (!source_.bytes) return source_.read(position_, buffer);
  const auto left = static_cast<std::int64_t>(source_.bytes->size()) - position_;
  const auto count = std::clamp<std::int64_t>(left, 0, static_cast<std::int64_t>(buffer.size()));
  if (count > 0) {
    std::memcpy(buffer.data(), source_.bytes->data() + position_, static_cast<std::size_t>(count));
  }
  return count;
}

void Demuxer::limit(const ReadOptions& options) {
  const std::int64_t told = size();
  const std::int64_t bytes = told < 0 ? kUnknownSize : std::min(told, kLargestSize);
  container_.max_pixels = options.max_pixels;
  container_.max_index = std::min(kLeastIndex + kIndexPerByte * bytes, options.max_bytes);
  container_.max_edits = kLeastEdits + kEditsPerByte * bytes;
}

int Demuxer::interrupt_callback(void* opaque) {
  auto& self = *static_cast<Demuxer*>(opaque);
  try {
    self.watchdog_.check(self.source_.name, std::nullopt);
    return 0;
  } catch (...) {
    self.failure_ = std::current_exception();
    return 1;
  }
}

int Demuxer::read_callback(void* opaque, std::uint8_t* buffer, int size) {
  auto& self = *static_cast<Demuxer*>(opaque);
  if (interrupt_callback(opaque) != 0) return AVERROR_EXIT;
  try {
    const std::int64_t count = self.read_at_position({buffer, static_cast<std::size_t>(size)});
    self.position_ += count;
    return count > 0 ? static_cast<int>(count) : AVERROR_EOF;
  } catch (...) {
    self.failure_ = std::current_exception();
    return AVERROR_EXTERNAL;
  }
}

// Bytes of the file, negative where unknown.
std::int64_t Demuxer::size() const {
  if (source_.bytes) return static_cast<std::int64_t>(source_.bytes->size());
  if (source_.size) return source_.size();
  std::error_code unknown;
  const auto bytes = std::filesystem::file_size(source_.name, unknown);
  return unknown ? -1 : static_cast<std::int64_t>(std::min<std::uintmax_t>(bytes, kLargestSize));
}

// Beyond the end as well, like a file's.
std::int64_t Demuxer::seek_callback(void* opaque, std::int64_t offset, int whence) {
  auto& self = *static_cast<Demuxer*>(opaque);
  whence &= ~AVSEEK_FORCE;
  try {
    if (whence == AVSEEK_SIZE) return self.size();
    std::int64_t base = 0;
    if (whence == SEEK_CUR) base = self.position_;
    if (whence != SEEK_CUR && whence != SEEK_SET) base = self.size();
    if (offset < -base || offset > std::numeric_limits<std::int64_t>::max() - base) {
      return AVERROR(EINVAL);
    }
    return self.position_ = base + offset;
  } catch (...) {
    self.failure_ = std::current_exception();
    return AVERROR_EXTERNAL;
  }
}

void Demuxer::rethrow() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  const auto refusal = std::exchange(container_.refusal, MGM_REFUSED_NOTHING);
  if (refusal == MGM_REFUSED_NOTHING) return;
  const std::string reason = refusal == MGM_REFUSED_INDEX
                                 ? "the container's index would take more than " +
                                       std::to_string(container_.max_index) + " bytes"
                                 : "the container's edit lists are too long for a file of its size";
  throw DecodeError(source_.name, std::nullopt, reason);
}

// libav answers damage with EIO, too; whether the disk fails is asked of the file itself.
void Demuxer::check(int status, const std::string& attempted) const {
  const bool is_path = !source_.bytes && !source_.read;
  if (status == AVERROR(EIO) && (!is_path || is_readable(source_.name))) {
    throw DecodeError(source_.name, std::nullopt, attempted + ": " + libav::describe(status));
  }
  libav::check(status, attempted, source_.name);
}

// Empty where the file itself cannot be read.
std::vector<std::uint8_t> Demuxer::head() {
  std::vector<std::uint8_t> bytes(kSignatureBytes);
  std::size_t count = 0;
  if (source_.bytes || source_.read) {
    const std::int64_t before = std::exchange(position_, 0);
    count = static_cast<std::size_t>(std::max<std::int64_t>(read_at_position(bytes), 0));
    position_ = before;
  } else {
    std::ifstream file(source_.name, std::ios::binary);
    file.read(reinterpret_cast<char*>(bytes.data()), std::ssize(bytes));
    count = static_cast<std::size_t>(file.gcount());
  }
  bytes.resize(count);
  return bytes;
}

void Demuxer::open_io() {
  auto* buffer = static_cast<std::uint8_t*>(av_malloc(kIoBuffer));
  if (buffer == nullptr) throw std::bad_alloc();
  io_.reset(avio_alloc_context(buffer, kIoBuffer, 0, this, read_callback, nullptr, seek_callback));
  if (!io_) {
    av_free(buffer);
    throw std::bad_alloc();
  }
}

void Demuxer::open() {
  const bool is_path = !source_.bytes && !source_.read;
  if (is_path && is_directory(source_.name)) throw SystemError(EISDIR, source_.name);
  if (!is_path) open_io();
  AVFormatContext* raw = avformat_alloc_context();
  if (raw == nullptr) throw std::bad_alloc();
  raw->pb = io_.get();
  raw->opaque = &container_;
  raw->interrupt_callback = {.callback = interrupt_callback, .opaque = this};
  AVDictionary* dictionary = nullptr;
  av_dict_set(&dictionary, "protocol_whitelist", "file", 0);
  // The prefix keeps a colon in a file name from being read as a protocol.
  const std::string url = is_path ? "file:" + source_.name : std::string();
  const Entered entered(raw);
  // On failure avformat_open_input frees the context itself.
  const int status = avformat_open_input(&raw, url.c_str(), nullptr, &dictionary);
  const libav::Dictionary options(dictionary);
  if (status >= 0) context_.reset(raw);
  rethrow();
  if (status < 0 || is_guessed(*context_->iformat)) {
    if (const auto reason = refused_container(head())) {
      throw DecodeError(source_.name, std::nullopt, *reason);
    }
  }
  check(status, "opening the container");
  find_stream_info();
}

void Demuxer::find_stream_info() {
  // mov's header gives codec, size and reorder depth; libav would decode frames to learn no more.
  bool known = std::strstr(context_->iformat->name, "mp4") != nullptr && context_->nb_streams > 0;
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    const AVCodecParameters& codec = *context_->streams[i]->codecpar;
    if (codec.codec_type != AVMEDIA_TYPE_VIDEO) continue;
    known = known && codec.codec_id != AV_CODEC_ID_NONE && codec.width > 0 && codec.height > 0;
  }
  if (known) return;
  const int status = avformat_find_stream_info(context_.get(), nullptr);
  rethrow();
  check(status, "reading the stream headers");
}

// libav's choice, but no picture of a cover while there is a video.
int Demuxer::best_stream() const {
  const int best = av_find_best_stream(context_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (best < 0) throw DecodeError(source_.name, std::nullopt, "no video stream in the file");
  const std::span streams(context_->streams, context_->nb_streams);
  const auto is_cover = [](const AVStream* one) {
    return (one->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
  };
  if (!is_cover(streams[static_cast<std::size_t>(best)])) return best;
  const auto video = std::ranges::find_if(streams, [&](const AVStream* one) {
    return one->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_cover(one);
  });
  if (video != streams.end()) return (*video)->index;
  throw DecodeError(source_.name, std::nullopt,
                    "no video stream in the file: its only picture is that of a cover");
}

void Demuxer::choose_stream(std::optional<int> wanted) {
  const int count = static_cast<int>(context_->nb_streams);
  if (wanted) {
    const bool exists = *wanted >= 0 && *wanted < count;
    if (!exists || context_->streams[*wanted]->codecpar->codec_type != AVMEDIA_TYPE_VIDEO) {
      throw std::invalid_argument("stream must name a video stream of " + source_.name + ", got " +
                                  std::to_string(*wanted) + "; the file has " +
                                  std::to_string(count) + " streams");
    }
    stream_ = *wanted;
  } else {
    stream_ = best_stream();
  }
  if (const auto reason = refused_stream(*context_, stream())) {
    throw DecodeError(source_.name, std::nullopt, *reason);
  }
  for (int i = 0; i < count; ++i) {
    if (i != stream_) context_->streams[i]->discard = AVDISCARD_ALL;
  }
  MgmSamples samples;
  const bool listed = mgm_mov_samples(context_.get(), &stream(), &samples) == 0;
  // A parser looks into each packet for what the header of such a file says of all.
  if (listed && holds_frames(stream().codecpar->codec_id)) context_->flags |= AVFMT_FLAG_NOPARSE;
}

bool Demuxer::read(AVPacket& packet) {
  const Entered entered(context_.get());
  for (;;) {
    watchdog_.check(source_.name, std::nullopt);
    av_packet_unref(&packet);
    const int status = av_read_frame(context_.get(), &packet);
    rethrow();
    if (status == AVERROR_EOF) return false;
    if (status < 0) {
      damaged_ = true;  // what follows in the file is out of reach; what came before stands
      return false;
    }
    if (packet.stream_index == stream_) return true;
  }
}

bool Demuxer::seek(std::int64_t pts) { return seek_to(pts, AVSEEK_FLAG_BACKWARD); }

bool Demuxer::seek_byte(std::int64_t place) { return seek_to(place, AVSEEK_FLAG_BYTE); }

bool Demuxer::seek_to(std::int64_t target, int flags) {
  const Entered entered(context_.get());
  const int status = av_seek_frame(context_.get(), stream_, target, flags);
  rethrow();
  return status >= 0;
}

}  // namespace mgm
