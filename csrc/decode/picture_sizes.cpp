#include "decode/picture_sizes.hpp"

#include <iterator>

#include "decode/field_writer.hpp"

namespace mgm {

void PictureSizes::see(std::int64_t index, const AVFrame& frame) {
  const PictureGeometry picture = geometry_of(frame, 0, false);
  const Run run{.last = index, .width = picture.crop_width, .height = picture.crop_height};
  const auto after = runs_.upper_bound(index);
  if (after != runs_.begin()) {
    Run& before = std::prev(after)->second;
    if (index <= before.last) return;
    if (index == before.last + 1 && run.width == before.width && run.height == before.height) {
      before.last = index;
      return;
    }
  }
  runs_.emplace_hint(after, index, run);
}

void PictureSizes::describe(VideoInfo& info) const {
  const Run* before = nullptr;
  for (const auto& [first, run] : runs_) {
    const PictureGeometry shown{
        .crop_width = run.width, .crop_height = run.height, .rotation = info.rotation};
    if (before == nullptr) {
      info.width = shown.turned_width();
      info.height = shown.turned_height();
    } else if (run.width != before->width || run.height != before->height) {
      info.size_changes.push_back({first, shown.turned_width(), shown.turned_height()});
    }
    before = &run;
  }
}

}  // namespace mgm
