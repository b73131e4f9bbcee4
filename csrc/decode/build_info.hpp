// What this build was made of: the linked libraries' own words, and where their sources came from.
#pragma once

#include <string>

namespace mgm {

struct BuildInfo {
  std::string ffmpeg, dav1d;  // releases
  std::string configuration;  // FFmpeg's configure line
  std::string license;        // as FFmpeg states it for this configuration
  std::string sources;        // JSON: release, sha256 and origin of both; {} for a foreign prefix
  std::string version;        // of mgm-ext
  // Whose entropy decoders parse H.264 and VP9 on this processor: "mgm-ext" or "libavcodec".
  std::string entropy;
};

[[nodiscard]] BuildInfo build_info();

}  // namespace mgm
