#include "decode/refusals.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "taps/mov_index.h"

namespace mgm {
namespace {

using namespace std::string_view_literals;

// MXF may have other bytes before it, at most these.
constexpr std::size_t kLongestRunIn = (std::size_t{1} << 16) - 1;

constexpr std::string_view kConvert = "`mgm-ext convert FILE -o OUT.mp4`";

// Keeps the vectors where the codec has any.
constexpr std::string_view kCopy = "`ffmpeg -i FILE -c copy OUT.mkv`";

struct Signature {
  std::string_view begins;
  std::string_view name;
  bool copied;  // its streams may be of codecs that are read
  std::size_t at = 0;
};

constexpr auto kMxf = "\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02"sv;

constexpr std::array kSignatures = {
    Signature{kMxf, "MXF", true},
    Signature{"nut/multimedia container\0"sv, "NUT", true},
    Signature{"OggS"sv, "Ogg", true},
    Signature{"\xb7\xd8\x00\x20\x37\x49\xda\x11\xa6\x4e\x00\x07\xe9\x5e\xad\x8d"sv, "WTV", true},
    Signature{"\0\0\0\0\xe1\xe2"sv, "GXF", true, 10},
    Signature{"FWS"sv, "SWF", true},
    Signature{"CWS"sv, "SWF", true},
    Signature{"\x1f\x07\x00\x3f"sv, "DV", false},
    Signature{"\x1f\x07\x00\xbf"sv, "DV", false},
    Signature{"\x89PNG\r\n\x1a\n"sv, "PNG", false},
    Signature{"\0\0\0\x0cjP  \r\n\x87\n"sv, "JPEG 2000", false},
    Signature{"\xff\x4f\xff\x51\0"sv, "JPEG 2000", false},
    Signature{"WEBP"sv, "WebP", false, 8},
    Signature{"II*\0"sv, "TIFF", false},
    Signature{"MM\0*"sv, "TIFF", false},
};

// Of sound; a picture in them is that of a cover.
constexpr std::array kSounds = {
    Signature{"ID3"sv, "MP3", false},
    Signature{"fLaC"sv, "FLAC", false},
    Signature{"WAVE"sv, "WAV", false, 8},
};

bool begins_as(std::string_view head, const Signature& signature) {
  return head.size() >= signature.at && head.substr(signature.at).starts_with(signature.begins);
}

// A number of AV1: seven bits a byte, the least first; takes it off the head.
std::optional<std::size_t> take_leb128(std::string_view& head) {
  std::size_t value = 0;
  for (unsigned i = 0; i < 4 && i < head.size(); ++i) {
    const auto byte = static_cast<unsigned char>(head[i]);
    value |= static_cast<std::size_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    head.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

// The length-delimited form of AV1's annex B: a temporal unit and a frame unit, each with its size
// and larger than the next, that begin with a temporal delimiter, which is empty, and go on with a
// sequence header.
bool is_annex_b(std::string_view head) {
  const auto temporal = take_leb128(head), frame = take_leb128(head), unit = take_leb128(head);
  if (!temporal || !frame || !unit || *temporal <= *frame || *frame <= *unit) return false;
  const bool delimiter =
      (*unit == 1 && head.starts_with('\x10')) || (*unit == 2 && head.starts_with("\x12\0"sv));
  if (!delimiter) return false;
  head.remove_prefix(*unit);
  const auto next = take_leb128(head);
  return next && *next < *frame && (head.starts_with('\x08') || head.starts_with('\x0a'));
}

std::string copy_or_convert(std::string_view what) {
  return std::string(what) + " is not read: " + std::string(kCopy) + " keeps its video as it is, " +
         std::string(kConvert) + " encodes it anew";
}

}  // namespace

bool is_guessed(const AVInputFormat& format) {
  constexpr std::array kGuessed = {"mpegts"sv,  "mpeg"sv, "mpegvideo"sv, "m4v"sv,     "h264"sv,
                                   "hevc"sv,    "vvc"sv,  "h261"sv,      "h263"sv,    "vc1"sv,
                                   "vc1test"sv, "obu"sv,  "mjpeg"sv,     "rawvideo"sv};
  return std::ranges::find(kGuessed, std::string_view(format.name)) != kGuessed.end();
}

std::optional<std::string> refused_container(std::span<const std::uint8_t> bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Signature& sound : kSounds) {
    if (begins_as(head, sound)) {
      return "a file of sound (" + std::string(sound.name) +
             "): it holds no video, at most a cover";
    }
  }
  for (const Signature& one : kSignatures) {
    if (!begins_as(head, one)) continue;
    if (one.copied) return copy_or_convert("the container " + std::string(one.name));
    return std::string(one.name) + " holds single pictures, which have no motion vectors, and is " +
           "not read: convert the file with " + std::string(kConvert);
  }
  if (is_annex_b(head)) return copy_or_convert("AV1 in the form of its annex B");
  if (head.substr(0, kLongestRunIn + kMxf.size()).find(kMxf) != std::string_view::npos) {
    return copy_or_convert("the container MXF");
  }
  return std::nullopt;
}

std::optional<std::string> refused_stream(const AVFormatContext& context, const AVStream& stream) {
  const bool protected_asf = av_dict_get(context.metadata, "ASF_Protection_Type", nullptr, 0);
  const bool key = av_dict_get(stream.metadata, "enc_key_id", nullptr, 0) != nullptr;
  if (!protected_asf && !key && mgm_mov_is_encrypted(&context, &stream) == 0) return std::nullopt;
  return "the video is encrypted: who has the key decrypts it with "
         "`ffmpeg -decryption_key KEY -i FILE -c copy OUT.mp4`";
}

bool has_no_motion(AVCodecID codec) {
  constexpr std::array kOthers = {AV_CODEC_ID_FFV1, AV_CODEC_ID_PNG, AV_CODEC_ID_APNG,
                                  AV_CODEC_ID_CFHD};
  if (std::ranges::find(kOthers, codec) != kOthers.end()) return true;
  const AVCodecDescriptor* descriptor = avcodec_descriptor_get(codec);
  return descriptor != nullptr && (descriptor->props & AV_CODEC_PROP_INTRA_ONLY) != 0;
}

std::string undecoded_reason(const AVCodecParameters& codec) {
  std::array<char, AV_FOURCC_MAX_STRING_SIZE> tag{};
  const bool known = codec.codec_id != AV_CODEC_ID_NONE;
  const std::string name =
      known ? avcodec_get_name(codec.codec_id) : av_fourcc_make_string(tag.data(), codec.codec_tag);
  const std::string lack = has_no_motion(codec.codec_id) ? " carries no motion vectors and" : "";
  return "codec " + name + lack + " is not decoded: convert the file with " + std::string(kConvert);
}

}  // namespace mgm
