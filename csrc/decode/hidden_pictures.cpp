#include "decode/hidden_pictures.hpp"

namespace mgm {
namespace {

// Of VP9: a packet of several pictures ends in an index, whose last byte is marked, and shows one;
// of one picture the header says after marker and profile whether it shows itself or another.
bool is_shown_vp9(int first, int last) {
  if ((last & 0xe0) == 0xc0) return true;
  const bool profile_3 = (first & 0x30) == 0x30;  // has one bit more
  const int shown = profile_3 ? 0x05 : 0x0a;      // show_existing_frame or show_frame
  return (first & shown) != 0;
}

}  // namespace

// Bit 4 of VP8's frame tag says shown.
bool is_shown(AVCodecID codec, int first, int last) {
  if (codec == AV_CODEC_ID_VP9) return is_shown_vp9(first, last);
  return codec != AV_CODEC_ID_VP8 || (first & 0x10) != 0;
}

}  // namespace mgm
