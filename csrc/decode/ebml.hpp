// The elements that a Matroska file is made of: an id, a size, and that many bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "decode/file_heads.hpp"

namespace mgm::ebml {

// A number of 1 to 8 bytes whose first says how many.
struct Number {
  std::uint64_t value = 0;  // without the bit that says so
  int length = 0;
  // All bits are set: as a size, not known.
  [[nodiscard]] bool unknown() const { return value + 1 == std::uint64_t{1} << (7 * length); }
};

struct Element {
  std::uint32_t id = 0;
  std::int64_t data = 0, size = 0;  // where its bytes begin; size -1: not known
  [[nodiscard]] bool sized() const { return size >= 0; }
  [[nodiscard]] std::int64_t end() const { return data + size; }
};

// nullopt: none of at most `most` bytes.
[[nodiscard]] std::optional<Number> read_number(std::span<const std::uint8_t> bytes, int most);

// The element that begins at a place, or nullopt.
[[nodiscard]] std::optional<Element> element_at(FileHeads& file, std::int64_t place);

// nullopt: not of 1 to 8 bytes.
[[nodiscard]] std::optional<std::uint64_t> unsigned_of(FileHeads& file, const Element& element);

}  // namespace mgm::ebml
