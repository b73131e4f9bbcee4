#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decode/file_heads.hpp"
#include "decode/libav.hpp"

namespace mgm {

// Which packets libavformat would mark as key frames: the codec's own parser decides for most
// codecs, and looks at little more than the first bytes of a packet. Packets are to come in the
// order of the file.
class KeyParser {
 public:
  struct Payload {
    std::int64_t place = 0, size = 0;  // in the file
    bool marked = false;               // a key frame for the container
  };

  explicit KeyParser(const AVStream& stream);
  // Otherwise there is no telling from the first bytes.
  [[nodiscard]] bool knows_codec() const;
  // nullopt: all of the packet must be looked at.
  [[nodiscard]] std::optional<bool> is_key(FileHeads& file, const Payload& payload);

 private:
  [[nodiscard]] bool load(FileHeads& file, const Payload& payload, std::int64_t count);
  [[nodiscard]] bool load_first_slice(FileHeads& file, const Payload& payload);
  [[nodiscard]] std::optional<bool> parse(const Payload& payload);
  void shorten_nal(std::int64_t begin, std::int64_t length);

  AVCodecID codec_;
  libav::Parser parser_;
  libav::CodecContext context_;
  int length_size_ = 0;              // of H.264's units; 0: not known
  std::vector<std::uint8_t> bytes_;  // the packet's first, and libavcodec's padding
};

}  // namespace mgm
