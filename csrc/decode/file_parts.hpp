#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "decode/packet_loop.hpp"

namespace mgm {

// Frames [first, last) of a file, decoded from a key frame of their own.
struct FilePart {
  std::int64_t first = 0;
  std::optional<std::int64_t> last;  // nullopt: to the end
};

// Parts of a file whose frames the loop has numbered, in order, for its options' threads; fewer
// than two where it has to be read in one go: a codec, a source or an index of which it is not sure
// that parts give the same.
[[nodiscard]] std::vector<FilePart> split_file(const PacketLoop& loop, const Source& source);

// Takes the next frame of a part. Called for different parts at once.
using VisitFrame = std::function<void(std::size_t part, const ShownFrame& shown)>;

// Reads all parts on options.num_threads threads, the caller's among them, which goes on with
// `first`. What is told of the file is that of one loop that reads it all. nullopt: something was
// found (damage, a key frame that others are referred to across) because of which it must be read
// in one go after all. Throws what interrupts and budgets throw.
[[nodiscard]] std::optional<VideoInfo> read_parts(const Source& source,
                                                  const PacketDecoder::Options& decoder,
                                                  const std::vector<FilePart>& parts,
                                                  PacketLoop& first, const VisitFrame& visit);

}  // namespace mgm
