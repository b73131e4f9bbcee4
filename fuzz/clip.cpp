#include <array>

#include "reading.hpp"
#include "decode/video_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return mgm::fuzz::read(
      data, size, [](const mgm::Source& source, const mgm::ReadOptions& options) {
        mgm::VideoReader reader(source, options, {.short_side = 32, .height = {}, .width = {}});
        for (const std::int64_t first : {4, 0}) {
          const std::array wanted{first, first + 2};
          static_cast<void>(reader.read_clip(wanted, {.pixels = first == 0, .cell = {}}));
        }
      });
}
