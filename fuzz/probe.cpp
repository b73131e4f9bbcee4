#include "reading.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return mgm::fuzz::read(data, size,
                         [](const mgm::Source& source, const mgm::ReadOptions& options) {
                           static_cast<void>(mgm::probe(source, options));
                         });
}
