#include "reading.hpp"
#include "decode/video_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return mgm::fuzz::read(data, size,
                         [](const mgm::Source& source, const mgm::ReadOptions& options) {
                           static_cast<void>(mgm::read_motion_field(source, options, {}));
                         });
}
