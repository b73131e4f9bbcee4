#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decode/demuxer.hpp"
#include "decode/frame_index.hpp"
#include "decode/packet_decoder.hpp"

namespace mgm {

// The packets that a container's header lists (mp4, mov), or nullopt.
[[nodiscard]] std::optional<std::vector<FrameIndex::Packet>> list_packets(const Demuxer& demuxer);

// All packets from where the demuxer stands, read one after the other.
[[nodiscard]] std::vector<FrameIndex::Packet> pass_over_packets(Demuxer& demuxer,
                                                                HeaderLog* headers = nullptr);

// What a container tells of its packets: from its header where that lists them (mp4, mov), from the
// headers of its blocks (Matroska), otherwise from one pass over all packets, after which `rewound`
// is false. Numbered where the times of
// the packets tell.
[[nodiscard]] FrameIndex read_container_index(Demuxer& demuxer, bool& rewound);

// A packet as an index lists it.
[[nodiscard]] FrameIndex::Packet describe_packet(const Demuxer& demuxer, const AVPacket& packet);

// libavformat guesses when frames are shown: the container stores when packets are decoded.
[[nodiscard]] bool stores_decoding_times(const AVFormatContext& context);

// Packets may be single fields.
[[nodiscard]] bool may_hold_fields(const PacketDecoder& decoder);

// How far only a decoder can tell that the numbers of such an index are right: packets may hold
// single fields or no picture, or have times that rise as they are decoded though pictures may be
// reordered.
enum class Doubt : std::uint8_t { kNone, kFirstPictures, kWholeFile };
[[nodiscard]] Doubt doubt_of(const FrameIndex& index, const Demuxer& demuxer,
                             const PacketDecoder& decoder);

}  // namespace mgm
