#pragma once

#include <optional>
#include <vector>

#include "decode/demuxer.hpp"
#include "decode/frame_index.hpp"
#include "decode/header_log.hpp"

namespace mgm {

// The packets of a Matroska or WebM file, as reading all of them would list them but for decoding
// times, which the file does not have: from the headers of its clusters and blocks, and the first
// bytes of each packet. nullopt where these do not prove it: another container or codec, lacing,
// compressed tracks, damage, a size that is not known. Logs the headers in packets of H.264 and
// HEVC.
[[nodiscard]] std::optional<std::vector<FrameIndex::Packet>> list_blocks(Demuxer& demuxer,
                                                                         HeaderLog& headers);

}  // namespace mgm
