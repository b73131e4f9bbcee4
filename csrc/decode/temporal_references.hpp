#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace mgm {

// Whether pictures of MPEG-1 and MPEG-2 are missing. The header of each counts it within its group,
// in the order in which they are shown. What was lost at the end of a group leaves no gap.
class TemporalReferences {
 public:
  // Of the next packet: whether by now a picture was shown that was not the next of its group.
  [[nodiscard]] bool is_gap(std::span<const std::uint8_t> packet);

 private:
  struct Picture;
  [[nodiscard]] static std::optional<Picture> find_picture(std::span<const std::uint8_t> packet);
  [[nodiscard]] bool show(int count);

  int steps_ = 0;  // pictures in a row that were the next
  bool believed_ = false, gap_ = false;
  std::optional<int> anchor_;  // waits until the B pictures before it were shown
  std::optional<int> last_;    // shown
  std::optional<int>
      begins_with_;  // the count of the group's first picture, once the anchor is shown
};

}  // namespace mgm
