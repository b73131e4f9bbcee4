#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decode/demuxer.hpp"
#include "decode/ebml.hpp"

namespace mgm {

// What the Tracks element of a Matroska file says of the track that a demuxer reads, and which
// others there are.
struct MatroskaTracks {
  std::uint64_t wanted = 0;
  std::vector<std::uint64_t> all;  // of each track, its number

  // nullopt: not understood, or the track's packets are not plainly in its blocks.
  [[nodiscard]] static std::optional<MatroskaTracks> read(FileHeads& file,
                                                          const ebml::Element& element,
                                                          const Demuxer& demuxer);
  [[nodiscard]] bool has(std::uint64_t number) const;
};

}  // namespace mgm
