#include "decode/file_parts.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "decode/helper_thread.hpp"
#include "error.hpp"

namespace mgm {
namespace {

// A part costs what its decoder reorders and a seek.
constexpr std::int64_t kShortestPart = 32;

// Parts for each thread: the last one ends sooner.
constexpr std::int64_t kPartsPerThread = 4;

// Decoders that keep nothing across a key picture. Those of the MPEG family learn on the way how
// faulty the encoder is, and whether its counts can be believed.
bool begins_anew_at_keys(AVCodecID codec) {
  return codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC || codec == AV_CODEC_ID_VP9 ||
         codec == AV_CODEC_ID_AV1;
}

// Where an index tells demuxers where to seek, and they get there.
bool seeks_by_index(const Demuxer& demuxer) {
  const std::string_view name = demuxer.context().iformat->name;
  return name.find("mp4") != std::string_view::npos ||
         name.find("matroska") != std::string_view::npos;
}

// In H.264 what a container takes for a key frame may let later pictures refer to earlier ones.
bool begins_anew(const ShownFrame& shown) {
  const MgmPicture* picture = shown.picture();
  if (picture == nullptr || (shown.frame->flags & AV_FRAME_FLAG_KEY) == 0) return false;
  return picture->not_anew == 0;
}

class PartReads {
 public:
  PartReads(const std::vector<FilePart>& parts, const VisitFrame& visit)
      : parts_(parts), visit_(visit), infos_(parts.size()), key_frames_(parts.size()) {}

  // Reads parts until none is left.
  void work(PacketLoop& loop) {
    try {
      for (std::size_t i = next_++; i < parts_.size() && !failed_; i = next_++) {
        if (!read(loop, i)) failed_ = true;
      }
    } catch (const TimeLimitExceeded&) {
      failed_ = true;
      throw;
    } catch (const DecodeError&) {
      failed_ = true;  // one thread will find it again, and say where
    } catch (...) {
      failed_ = true;
      throw;
    }
  }

  // The same with a loop of its own, unless the system gives none.
  void work(const Source& source, const ReadOptions& options, const PacketDecoder::Options& decoder,
            std::shared_ptr<const FrameIndex> index) {
    std::unique_ptr<PacketLoop> loop;
    try {
      loop = std::make_unique<PacketLoop>(source, options, decoder);
    } catch (const SystemError&) {
      return;
    }
    loop->number_as(std::move(index));
    work(*loop);
  }

  [[nodiscard]] std::optional<VideoInfo> info() {
    if (failed_) return std::nullopt;
    VideoInfo whole = infos_.back();
    const bool alike = std::ranges::all_of(infos_, [&](const VideoInfo& one) {
      return one.size_changes.empty() && one.width == whole.width && one.height == whole.height &&
             one.pixel_format == whole.pixel_format && one.profile == whole.profile;
    });
    if (!alike) return std::nullopt;
    whole.key_frames.clear();
    for (const auto& keys : key_frames_) {
      whole.key_frames.insert(whole.key_frames.end(), keys.begin(), keys.end());
    }
    return whole;
  }

 private:
  // Whether all that came is what one loop would have given.
  [[nodiscard]] bool read(PacketLoop& loop, std::size_t i) {
    const FilePart& part = parts_[i];
    loop.begin(part.first);
    std::int64_t frame = part.first;
    ShownFrame shown;
    for (; (!part.last || frame < *part.last) && loop.next_in_turn(shown); ++frame) {
      if (failed_ || loop.index() == nullptr || loop.damaged() || loop.reckons_distances()) {
        return false;
      }
      if (frame > 0 && frame == part.first && !begins_anew(shown)) return false;
      if ((shown.frame->flags & AV_FRAME_FLAG_KEY) != 0) key_frames_[i].push_back(frame);
      visit_(i, shown);
    }
    infos_[i] = loop.info();
    const bool ended = frame == part.last.value_or(frame);
    return ended && loop.seeks() && loop.index() != nullptr && !loop.damaged();
  }

  const std::vector<FilePart>& parts_;
  const VisitFrame& visit_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::vector<VideoInfo> infos_;
  std::vector<std::vector<std::int64_t>> key_frames_;
};

// Waits for all, and throws what the first of them threw.
void finish(std::vector<std::unique_ptr<HelperThread>>& helpers) {
  std::exception_ptr failure;
  for (const auto& helper : helpers) {
    try {
      failure ? helper->stop() : helper->finish();
    } catch (...) {
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

std::vector<FilePart> split_file(const PacketLoop& loop, const Source& source) {
  const int num_threads = loop.options().num_threads;
  const FrameIndex* index = loop.index();
  const AVCodecID codec = loop.demuxer().stream().codecpar->codec_id;
  const bool splits = num_threads > 1 && !source.read && index != nullptr && index->identified() &&
                      !index->knows_distances() && begins_anew_at_keys(codec) &&
                      seeks_by_index(loop.demuxer());
  if (!splits) return {};
  const std::int64_t share = index->num_frames() / (kPartsPerThread * num_threads);
  const std::int64_t length = std::max(share, kShortestPart);
  std::vector<FilePart> parts(1);
  for (const std::int64_t key : index->key_frames()) {
    const bool is_entry = index->entry_before(key).frame == key;
    if (!is_entry || key - parts.back().first < length) continue;
    parts.back().last = key;
    parts.push_back({.first = key, .last = std::nullopt});
  }
  return parts;
}

std::optional<VideoInfo> read_parts(const Source& source, const PacketDecoder::Options& decoder,
                                    const std::vector<FilePart>& parts, PacketLoop& first,
                                    const VisitFrame& visit) {
  PartReads reads(parts, visit);
  const auto threads =
      std::min<std::size_t>(static_cast<std::size_t>(first.options().num_threads), parts.size());
  std::vector<std::unique_ptr<HelperThread>> helpers;
  const std::shared_ptr<const FrameIndex> index = first.shared_index();
  while (helpers.size() + 1 < threads) {
    auto helper = std::make_unique<HelperThread>();
    const ReadOptions options = helper->watched(first.options());
    try {
      helper->start([&, options] { reads.work(source, options, decoder, index); });
    } catch (const std::system_error&) {
      break;  // the system gives no more threads
    }
    helpers.push_back(std::move(helper));
  }
  try {
    reads.work(first);
  } catch (...) {
    for (const auto& helper : helpers) helper->stop();
    throw;
  }
  finish(helpers);
  return reads.info();
}

}  // namespace mgm
