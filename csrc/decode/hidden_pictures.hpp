#pragma once

#include "decode/libav.hpp"

namespace mgm {

// VP8 and VP9 may store hidden pictures in packets of their own: by a packet's first and last byte.
[[nodiscard]] bool is_shown(AVCodecID codec, int first, int last);

}  // namespace mgm
