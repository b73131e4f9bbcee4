#include "decode/ebml.hpp"

#include <bit>

namespace mgm::ebml {

std::optional<Number> read_number(std::span<const std::uint8_t> bytes, int most) {
  if (bytes.empty() || bytes.front() == 0) return std::nullopt;
  const int length = std::countl_zero(bytes.front()) + 1;
  if (length > most || length > std::ssize(bytes)) return std::nullopt;
  std::uint64_t value = bytes.front() ^ (0x80U >> (length - 1));
  for (const std::uint8_t byte : bytes.subspan(1, static_cast<std::size_t>(length) - 1)) {
    value = value << 8 | byte;
  }
  return Number{.value = value, .length = length};
}

std::optional<Element> element_at(FileHeads& file, std::int64_t place) {
  constexpr std::size_t kLongestHeader = 12;
  const auto bytes = file.at(place, kLongestHeader);
  const auto id = read_number(bytes, 4);
  if (!id) return std::nullopt;
  const auto size = read_number(bytes.subspan(static_cast<std::size_t>(id->length)), 8);
  if (!size) return std::nullopt;
  const std::int64_t data = place + id->length + size->length;
  if (!size->unknown() && size->value > static_cast<std::uint64_t>(file.size() - data)) {
    return std::nullopt;
  }
  return Element{.id = static_cast<std::uint32_t>(id->value | 0x80U << (7 * (id->length - 1))),
                 .data = data,
                 .size = size->unknown() ? -1 : static_cast<std::int64_t>(size->value)};
}

std::optional<std::uint64_t> unsigned_of(FileHeads& file, const Element& element) {
  if (element.size < 1 || element.size > 8) return std::nullopt;
  const auto bytes = file.at(element.data, static_cast<std::size_t>(element.size));
  if (std::ssize(bytes) < element.size) return std::nullopt;
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

}  // namespace mgm::ebml
