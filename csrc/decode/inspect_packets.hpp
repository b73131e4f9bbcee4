#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mgm.hpp"

namespace mgm {

// The packets of a video as an index lists them, for oracles: two ways to learn of them must agree.
struct PacketList {
  std::vector<std::int64_t> pts, pos, size;  // kNoPts, -1 where unknown
  std::vector<std::uint8_t> key, shown;
};

// From the headers of the container alone, nullopt where they do not tell; or all read.
enum class PacketSource : std::uint8_t { kHeaders, kPackets };
[[nodiscard]] std::optional<PacketList> inspect_packets(Source source, const ReadOptions& options,
                                                        PacketSource from);

}  // namespace mgm
