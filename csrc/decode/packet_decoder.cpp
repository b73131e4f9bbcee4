#include "decode/packet_decoder.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <span>
#include <utility>

#include "decode/refusals.hpp"
#include "error.hpp"
#include "taps/parameter_sets.h"

namespace mgm {
namespace {

// I, P or B for the names that libav has for kinds of them: sprites, switching pictures.
AVPictureType plain_type(AVPictureType type) {
  switch (type) {
    case AV_PICTURE_TYPE_S:
    case AV_PICTURE_TYPE_SP:
      return AV_PICTURE_TYPE_P;
    case AV_PICTURE_TYPE_SI:
      return AV_PICTURE_TYPE_I;
    case AV_PICTURE_TYPE_BI:
      return AV_PICTURE_TYPE_B;
    default:
      return type;
  }
}

bool is_flow(int status) { return status == AVERROR(EAGAIN) || status == AVERROR_EOF; }

void require_known_coordinates(const AVCodecParameters& stream, const std::string& path) {
  if (std::max(stream.width, stream.height) <= MGM_LONGEST_SIDE) return;
  throw DecodeError(path, std::nullopt,
                    "pictures of " + std::to_string(stream.width) + "x" +
                        std::to_string(stream.height) + ": motion vectors are read of up to " +
                        std::to_string(MGM_LONGEST_SIDE) + " pixels a side");
}

// These take headers from packets alone; libavcodec's others look at what a container says of new
// ones themselves.
bool wants_headers_in_packets(AVCodecID codec) {
  return codec == AV_CODEC_ID_MPEG4 || codec == AV_CODEC_ID_MPEG1VIDEO ||
         codec == AV_CODEC_ID_MPEG2VIDEO;
}

libav::Packet with_headers(const AVPacket& packet, std::span<const std::uint8_t> headers) {
  libav::Packet whole = libav::make_packet();
  const auto size = static_cast<int>(headers.size());
  if (size > std::numeric_limits<int>::max() - AV_INPUT_BUFFER_PADDING_SIZE - packet.size ||
      av_new_packet(whole.get(), size + packet.size) < 0 ||
      av_packet_copy_props(whole.get(), &packet) < 0) {
    throw std::bad_alloc();
  }
  std::copy_n(headers.data(), size, whole->data);
  std::copy_n(packet.data, packet.size, whole->data + size);
  return whole;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::vector<std::string> vector_codecs() {
  std::vector<std::string> names;
  for (const AVCodecDescriptor* codec = nullptr; (codec = avcodec_descriptor_next(codec));) {
    if (mgm_codec(codec->id) != nullptr && avcodec_find_decoder(codec->id) != nullptr) {
      names.emplace_back(codec->name);
    }
  }
  return names;
}

void PacketDecoder::prepare_tap(const Options& options) {
  tap_.codec = mgm_codec(context_->codec_id);
  tap_.export_rows = options.export_rows ? 1 : 0;
  tap_.costs = options.costs ? 1 : 0;
  tap_.energy = options.energy ? 1 : 0;
  tap_.pass_intra = options.pass_intra ? 1 : 0;
  if (options.export_rows) context_->export_side_data |= AV_CODEC_EXPORT_DATA_MVS;
  if (!tapped()) return;
  context_->opaque = &tap_;
  context_->get_buffer2 = mgm_get_buffer;
}

PacketDecoder::PacketDecoder(const AVStream& stream, const Options& options, std::string path)
    : path_(std::move(path)) {
  const AVCodecID id = stream.codecpar->codec_id;
  const AVCodec* codec = avcodec_find_decoder(id);
  if (codec == nullptr) {
    if (has_no_motion(id))
      throw NoMotionVectors(path_, avcodec_get_name(id), undecoded_reason(*stream.codecpar));
    throw DecodeError(path_, std::nullopt, undecoded_reason(*stream.codecpar));
  }
  context_.reset(avcodec_alloc_context3(codec));
  if (!context_) throw std::bad_alloc();
  libav::check(avcodec_parameters_to_context(context_.get(), stream.codecpar),
               "reading the codec parameters", path_);
  if (id == AV_CODEC_ID_MPEG1VIDEO || id == AV_CODEC_ID_MPEG2VIDEO) order_.emplace();
  if (id == AV_CODEC_ID_AV1) {
    // Tells nothing but the largest picture that the stream could hold, which max_pixels would
    // judge in place of the pictures it does hold.
    av_freep(static_cast<void*>(&context_->extradata));
    context_->extradata_size = 0;
  }
  context_->pkt_timebase = stream.time_base;
  context_->max_pixels = options.max_pixels;
  context_->apply_cropping = 0;  // vectors lie in the coded picture; whoever needs pixels crops
  context_->thread_count = options.vectors ? 1 : options.num_threads;
  if (options.vectors && mgm_codec(id) != nullptr) {
    require_known_coordinates(*stream.codecpar, path_);
  }
  AVDictionary* dictionary = nullptr;
  // Concealment invents vectors, and differently with and without pixels.
  context_->error_concealment = 0;
  if (id == AV_CODEC_ID_H264) av_dict_set(&dictionary, "enable_er", "0", 0);
  if (options.vectors) prepare_tap(options);
  const int status = avcodec_open2(context_.get(), codec, &dictionary);
  av_dict_free(&dictionary);
  libav::check(status, "opening the decoder", path_);
  if (tapped() && tap_.codec->open != nullptr) {
    libav::check(tap_.codec->open(context_.get(), &tap_), "tapping the decoder", path_);
  }
  parameter_sets_ = mgm_parameter_sets(context_.get());
  set_mode(options.vectors && options.vectors_only ? Mode::kVectors : Mode::kPixels);
  if (!options.loop_filters) context_->skip_loop_filter = AVDISCARD_ALL;
}

PacketDecoder::~PacketDecoder() { mgm_close(&tap_); }

void PacketDecoder::set_mode(Mode mode) {
  if (!tapped() || mode == mode_) return;
  mode_ = mode;
  tap_.vectors_only = mode == Mode::kVectors || mode == Mode::kReferences ? 1 : 0;
  tap_.skip_blocks = mode == Mode::kReferences ? 1 : 0;
  tap_.vectors_only_unreferenced = mode == Mode::kVectorsWhereUnreferenced ? 1 : 0;
  if (tap_.codec->set_vectors_only != nullptr) {
    tap_.codec->set_vectors_only(context_.get(), &tap_, tap_.vectors_only);
  }
}

void PacketDecoder::require_vectors() const {
  if (tapped()) return;
  const std::string codec = avcodec_get_name(context_->codec_id);
  throw NoMotionVectors(path_, codec,
                        "codec " + codec + " carries no motion vectors that mgm_ext reads; " +
                            joined(vector_codecs()) + " do: convert the file with " +
                            "`mgm-ext convert FILE -o OUT.mp4`");
}

void PacketDecoder::require_costs() const {
  require_vectors();
  const std::string codec = avcodec_get_name(context_->codec_id);
  const auto counts = tap_.codec->counts_costs;
  if (counts == nullptr || counts(context_->codec_id) == 0) {
    throw DecodeError(path_, std::nullopt, "the bits of blocks are not read from codec " + codec);
  }
  if (tap_.energy == 0) return;
  const auto lacks = tap_.codec->lacks_energy;
  const char* reason =
      lacks == nullptr ? "they are not followed through its decoder" : lacks(context_->codec_id);
  if (reason == nullptr) return;
  throw DecodeError(path_, std::nullopt,
                    "the coefficients of blocks are not read from codec " + codec + ": " + reason);
}

void PacketDecoder::send(const AVPacket* packet) {
  if (packet != nullptr && !preceding_.empty()) {
    const libav::Packet whole = with_headers(*packet, std::exchange(preceding_, {}));
    send(whole.get());
    return;
  }
  std::size_t size = 0;
  const std::uint8_t* headers =
      packet == nullptr ? nullptr
                        : av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
  was_told_ = was_told_ || headers != nullptr;
  if (headers == nullptr || !wants_headers_in_packets(context_->codec_id)) {
    feed(packet);
  } else {
    feed(with_headers(*packet, {headers, size}).get());
  }
}

void PacketDecoder::feed(const AVPacket* packet) {
  const int status = avcodec_send_packet(context_.get(), packet);
  if (status < 0 && !is_flow(status)) ++errors_;
  if (packet == nullptr || packet->size < 1) return;
  if ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0) ++errors_;
  if (order_ && order_->is_gap({packet->data, static_cast<std::size_t>(packet->size)})) ++errors_;
}

std::optional<std::int64_t> PacketDecoder::take_damaged() {
  mgm_judge_last(&tap_);
  if (std::exchange(tap_.concealed, 0) == 0) return std::nullopt;
  return tap_.concealed_pts;
}

bool PacketDecoder::is_damaged(const AVFrame& frame) {
  const bool corrupt = (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0;
  const MgmPicture* picture = mgm_picture(&frame);
  const bool holes = picture != nullptr && picture->concealed != 0;
  return frame.decode_error_flags != 0 || corrupt || holes;
}

bool PacketDecoder::receive(AVFrame& frame) {
  // A damaged picture yields an error and the next call goes on; bounded, so no stream can hold us.
  for (int attempt = 0; attempt < 64; ++attempt) {
    const int status = avcodec_receive_frame(context_.get(), &frame);
    if (is_flow(status)) return false;
    if (status >= 0) {
      frame.pict_type = plain_type(frame.pict_type);
      return true;
    }
    ++errors_;
  }
  return false;
}

bool PacketDecoder::flush() {
  const MgmKept kept = mgm_kept_by_flush(context_.get());
  if (was_told_ || kept == MGM_KEEPS_HEADERS) return false;
  const bool same = mgm_parameter_sets(context_.get()) == parameter_sets_;
  if (kept == MGM_KEEPS_PARAMETER_SETS && !same) return false;
  avcodec_flush_buffers(context_.get());
  preceding_.clear();
  av_buffer_unref(&tap_.last);
  tap_.concealed = 0;
  tap_.missed = tap_.begun = 0;
  return true;
}

}  // namespace mgm
