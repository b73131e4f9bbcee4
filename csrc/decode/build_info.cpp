#include "decode/build_info.hpp"

#include "sources.hpp"
#include "taps/entropy/processor.h"

extern "C" {
#include <dav1d/dav1d.h>
#include <libavcodec/avcodec.h>
#include <libavutil/avutil.h>
}

namespace mgm {

BuildInfo build_info() {
  return {.ffmpeg = av_version_info(),
          .dav1d = dav1d_version(),
          .configuration = avcodec_configuration(),
          .license = avcodec_license(),
          .sources = kSources,
          .version = kVersion,
          .entropy = mgm_has_bmi() ? "mgm-ext" : "libavcodec"};
}

}  // namespace mgm
