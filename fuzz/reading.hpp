// What all fuzz targets share: a file in memory, and the limits that docs/untrusted-files.md tells
// a service to set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>

#include "error.hpp"
#include "mgm.hpp"

namespace mgm::fuzz {

// 0, which keeps the input in the corpus. Errors that the core does not state end the process.
template <class Read>
int read(const std::uint8_t* data, std::size_t size, Read read) {
  const Source source{.name = "<bytes>", .bytes = std::span(data, size), .read = {}, .size = {}};
  const ReadOptions options{.stream = {},
                            .max_pixels = std::int64_t{1} << 20,
                            .max_bytes = std::int64_t{1} << 26,
                            .max_seconds = {},
                            .interrupt = {}};
  try {
    read(source, options);
  } catch (const DecodeError&) {
  } catch (const NoMotionVectors&) {
  } catch (const std::out_of_range&) {
  }
  return 0;
}

}  // namespace mgm::fuzz
