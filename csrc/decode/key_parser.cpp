#include "decode/key_parser.hpp"

#include <algorithm>
#include <new>

#include "decode/av1_key.hpp"

namespace mgm {
namespace {

// What precedes a picture's first slice is longer in no sane stream.
constexpr std::int64_t kLongestHead = 1 << 16;
// The first bytes of a slice say all that the parser makes a key frame of: first_mb, slice_type and
// pic_parameter_set_id, with escapes.
constexpr std::int64_t kSliceHead = 24;
// Frame headers of VP8 and VP9 that their parsers look at.
constexpr std::int64_t kFrameHead = 16;

int length_size_of(const AVCodecParameters& codec) {
  const bool is_avcc = codec.extradata_size >= 7 && codec.extradata[0] == 1;
  return is_avcc ? (codec.extradata[4] & 3) + 1 : 0;
}

}  // namespace

KeyParser::KeyParser(const AVStream& stream)
    : codec_(stream.codecpar->codec_id), length_size_(length_size_of(*stream.codecpar)) {
  if (!knows_codec()) return;
  parser_.reset(av_parser_init(codec_));
  context_.reset(avcodec_alloc_context3(nullptr));
  if (!parser_ || !context_) throw std::bad_alloc();
  parser_->flags |= PARSER_FLAG_COMPLETE_FRAMES;
  if (avcodec_parameters_to_context(context_.get(), stream.codecpar) < 0) throw std::bad_alloc();
}

bool KeyParser::knows_codec() const {
  if (codec_ == AV_CODEC_ID_H264) return length_size_ > 0;
  return codec_ == AV_CODEC_ID_HEVC || codec_ == AV_CODEC_ID_VP8 || codec_ == AV_CODEC_ID_VP9 ||
         codec_ == AV_CODEC_ID_AV1;
}

// At least `count` of the packet's first bytes.
bool KeyParser::load(FileHeads& file, const Payload& payload, std::int64_t count) {
  const auto have = std::ssize(bytes_);
  if (count <= have) return true;
  if (count > std::min(payload.size, kLongestHead)) return false;
  const auto more = file.at(payload.place + have, static_cast<std::size_t>(count - have));
  bytes_.insert(bytes_.end(), more.begin(), more.end());
  return std::ssize(bytes_) == count;
}

// The parser believes the length of a unit: it ends here where its first bytes do.
void KeyParser::shorten_nal(std::int64_t begin, std::int64_t length) {
  for (int i = 0; i < length_size_; ++i) {
    bytes_[static_cast<std::size_t>(begin + i)] =
        static_cast<std::uint8_t>(length >> (8 * (length_size_ - 1 - i)));
  }
}

// The parser reads the units before the first slice, whole, and that slice's first bytes.
bool KeyParser::load_first_slice(FileHeads& file, const Payload& payload) {
  constexpr int kSlice = 1, kPartition = 2, kIdrSlice = 5;
  for (std::int64_t place = 0; place < payload.size;) {
    const std::int64_t unit = place + length_size_;
    if (!load(file, payload, unit + 1)) return false;
    std::int64_t length = 0;
    for (auto at = place; at < unit; ++at) {
      length = length << 8 | bytes_[static_cast<std::size_t>(at)];
    }
    if (length == 0 || length > payload.size - unit) return false;
    const int type = bytes_[static_cast<std::size_t>(unit)] & 0x1f;
    if (type == kPartition) return false;
    const bool is_slice = type == kSlice || type == kIdrSlice;
    const std::int64_t taken = is_slice ? std::min(length, kSliceHead) : length;
    if (!load(file, payload, unit + taken)) return false;
    if (is_slice) {
      shorten_nal(place, taken);
      return true;
    }
    place = unit + length;
  }
  return true;
}

std::optional<bool> KeyParser::parse(const Payload& payload) {
  const auto size = static_cast<int>(bytes_.size());
  bytes_.resize(bytes_.size() + AV_INPUT_BUFFER_PADDING_SIZE);
  std::uint8_t* out = nullptr;
  int out_size = 0;
  const int used = av_parser_parse2(parser_.get(), context_.get(), &out, &out_size, bytes_.data(),
                                    size, AV_NOPTS_VALUE, AV_NOPTS_VALUE, -1);
  if (used != size || out_size != size) return std::nullopt;
  if (parser_->key_frame >= 0) return parser_->key_frame == 1;
  if (parser_->pict_type == AV_PICTURE_TYPE_NONE) return payload.marked;
  return parser_->pict_type == AV_PICTURE_TYPE_I;
}

std::optional<bool> KeyParser::is_key(FileHeads& file, const Payload& payload) {
  if (codec_ == AV_CODEC_ID_HEVC) return payload.marked;  // libavformat parses none of Matroska
  if (codec_ == AV_CODEC_ID_AV1) {
    // Where the parser cannot read a packet the mark decides: it must say the same.
    const auto key = av1_key(file, payload.place, payload.size);
    return key.has_value() && *key == payload.marked ? key : std::nullopt;
  }
  bytes_.clear();
  const bool loaded = codec_ == AV_CODEC_ID_H264
                          ? load_first_slice(file, payload)
                          : load(file, payload, std::min(payload.size, kFrameHead));
  return loaded ? parse(payload) : std::nullopt;
}

}  // namespace mgm
