#include "decode/av1_key.hpp"

#include <algorithm>
#include <span>

namespace mgm {
namespace {

constexpr int kSequenceHeader = 1, kFrameHeader = 3, kFrame = 6;

struct Unit {
  int type = 0;
  std::int64_t data = 0, size = 0;  // data: from the place where the unit begins
};

// leb128, which the format bounds to 32 bits; nullopt: longer or cut off.
std::optional<std::int64_t> read_size(std::span<const std::uint8_t> bytes, std::int64_t& length) {
  std::int64_t value = 0;
  for (length = 0; length < std::min<std::int64_t>(5, std::ssize(bytes));) {
    const std::int64_t byte = bytes[static_cast<std::size_t>(length)];
    value |= (byte & 0x7f) << (7 * length++);
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

// Of `left` bytes; nullopt: not whole, or of one of several layers.
std::optional<Unit> read_unit(std::span<const std::uint8_t> bytes, std::int64_t left) {
  if (bytes.empty()) return std::nullopt;
  const int header = bytes.front();
  constexpr int kForbidden = 0x80, kExtension = 0x04, kHasSize = 0x02;
  if ((header & (kForbidden | kExtension)) != 0) return std::nullopt;
  Unit unit{.type = header >> 3 & 15, .data = 1, .size = left - 1};
  if ((header & kHasSize) == 0) return unit;
  std::int64_t length = 0;
  const auto size = read_size(bytes.subspan(1), length);
  unit.data += length;
  if (!size || *size > left - unit.data) return std::nullopt;
  unit.size = *size;
  return unit;
}

}  // namespace

std::optional<bool> av1_key(FileHeads& file, std::int64_t place, std::int64_t size) {
  constexpr std::size_t kUnitHead = 8;
  std::optional<bool> key;
  for (const std::int64_t end = place + size; place < end;) {
    const auto bytes = file.at(place, std::min<std::size_t>(kUnitHead, end - place));
    const auto unit = read_unit(bytes, end - place);
    if (!unit) return std::nullopt;
    const bool told = unit->size > 0 && unit->data < std::ssize(bytes);
    const int first = told ? bytes[static_cast<std::size_t>(unit->data)] : 0;
    if (unit->type == kSequenceHeader && (first & 0x08) != 0) return std::nullopt;
    if (unit->type == kFrameHeader || unit->type == kFrame) {
      if (!told) return std::nullopt;
      const bool again = (first & 0x80) != 0, shown = (first & 0x10) != 0;
      if (again || shown) key = !again && (first & 0x60) == 0;
    }
    place += unit->data + unit->size;
  }
  return key;
}

}  // namespace mgm
