#pragma once

#include "decode/demuxer.hpp"
#include "decode/frame_index.hpp"
#include "decode/packet_decoder.hpp"
#include "mgm.hpp"

namespace mgm {

// Whether frames are what a container's index says, as far as it is in doubt: from the first
// pictures that a decoder puts out. demuxer and decoder: of that file; neither is read from.
[[nodiscard]] bool is_right(const FrameIndex& index, const Source& source,
                            const ReadOptions& options, const Demuxer& demuxer,
                            const PacketDecoder& decoder);

// Numbers frames as a decoder puts them out, decoding as little of each picture as the codec lets.
void number_by_decoding(FrameIndex& index, const Source& source, const ReadOptions& options);

}  // namespace mgm
