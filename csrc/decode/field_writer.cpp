#include "decode/field_writer.hpp"

#include <algorithm>
#include <utility>

namespace mgm {

PictureGeometry geometry_of(const AVFrame& frame, int rotation, bool hflip) {
  const auto left = static_cast<int>(frame.crop_left), top = static_cast<int>(frame.crop_top);
  return {.crop_x = left,
          .crop_y = top,
          .crop_width = frame.width - left - static_cast<int>(frame.crop_right),
          .crop_height = frame.height - top - static_cast<int>(frame.crop_bottom),
          .rotation = rotation,
          .hflip = hflip};
}

void FieldWriter::start(const AVFrame& frame) {
  if (binner_) return;
  geometry_ = geometry_of(frame, rotation_, hflip_);
  binner_.emplace(geometry_, cell_);
  field_.cell = binner_->cell();
  field_.width = binner_->width();
  field_.height = binner_->height();
  field_.cells_high = binner_->cells_high();
  field_.cells_wide = binner_->cells_wide();
}

void FieldWriter::allocate() {
  const auto cells = static_cast<std::size_t>(rows_ * field_.cells_high * field_.cells_wide);
  const std::size_t before = field_.vectors.size();
  field_.vectors.resize(2 * cells);
  for (std::size_t i = before; i < field_.vectors.size(); i += 2) field_.vectors[i] = kInvalid;
  field_.coded.resize(cells);
  field_.cuts.resize(static_cast<std::size_t>(rows_));
}

void FieldWriter::append(const ShownFrame& shown) {
  start(*shown.frame);
  ++rows_;
  allocate();
  write(rows_ - 1, shown);
}

void FieldWriter::write(std::int64_t row, const ShownFrame& shown) {
  start(*shown.frame);
  if (field_.cuts.size() < static_cast<std::size_t>(rows_)) allocate();
  const PictureGeometry now = geometry_of(*shown.frame, rotation_, hflip_);
  const bool same_size =
      now.crop_width == geometry_.crop_width && now.crop_height == geometry_.crop_height;
  const MgmPicture* picture = shown.picture();
  if (picture == nullptr || shown.repeated || !same_size) return;
  const auto cells = static_cast<std::size_t>(field_.cells_high * field_.cells_wide);
  const auto at = static_cast<std::size_t>(row) * cells;
  const CodedFrame coded{.blocks = {picture->blocks, picture->num_blocks},
                         .distances = shown.distances,
                         .motion_scale = picture->motion_scale,
                         .picture_type = av_get_picture_type_char(shown.frame->pict_type)};
  const bool cut = binner_->write_row(coded, std::span(field_.vectors).subspan(2 * at, 2 * cells),
                                      std::span(field_.coded).subspan(at, cells));
  field_.cuts[static_cast<std::size_t>(row)] = cut ? 1 : 0;
}

void FieldWriter::copy(std::int64_t from, std::int64_t to) {
  const std::int64_t cells = field_.cells_high * field_.cells_wide;
  std::copy_n(field_.vectors.begin() + 2 * from * cells, 2 * cells,
              field_.vectors.begin() + 2 * to * cells);
  std::copy_n(field_.coded.begin() + from * cells, cells, field_.coded.begin() + to * cells);
  field_.cuts[static_cast<std::size_t>(to)] = field_.cuts[static_cast<std::size_t>(from)];
}

MotionField FieldWriter::take() {
  if (binner_) allocate();  // where damage left no frame to write
  field_.rows = rows_;
  return std::exchange(field_, {});
}

}  // namespace mgm
