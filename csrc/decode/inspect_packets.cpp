#include "decode/inspect_packets.hpp"

#include <utility>

#include "decode/container_index.hpp"
#include "decode/matroska_blocks.hpp"

namespace mgm {
namespace {

std::optional<std::vector<FrameIndex::Packet>> from_headers(Demuxer& demuxer) {
  auto packets = list_packets(demuxer);
  HeaderLog headers(*demuxer.stream().codecpar);
  return packets ? packets : list_blocks(demuxer, headers);
}

}  // namespace

std::optional<PacketList> inspect_packets(Source source, const ReadOptions& options,
                                          PacketSource from) {
  const Watchdog watchdog(options);
  Demuxer demuxer(std::move(source), options, watchdog);
  const auto packets = from == PacketSource::kHeaders ? from_headers(demuxer)
                                                      : std::optional(pass_over_packets(demuxer));
  if (!packets) return std::nullopt;
  PacketList list;
  for (const FrameIndex::Packet& packet : *packets) {
    list.pts.push_back(packet.pts);
    list.pos.push_back(packet.pos);
    list.size.push_back(packet.size);
    list.key.push_back(packet.key ? 1 : 0);
    list.shown.push_back(packet.shown ? 1 : 0);
  }
  return list;
}

}  // namespace mgm
