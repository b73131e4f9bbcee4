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

void FieldWriter::start(const PictureGeometry& picture) {
  if (binner_) return;
  geometry_ = picture;
  binner_.emplace(geometry_, cell_);
  field_.cell = binner_->cell();
  field_.width = binner_->width();
  field_.height = binner_->height();
  field_.cells_high = binner_->cells_high();
  field_.cells_wide = binner_->cells_wide();
}

std::size_t FieldWriter::cells() const {
  return static_cast<std::size_t>(field_.cells_high * field_.cells_wide);
}

void FieldWriter::invalidate(std::int64_t from, std::int64_t to) {
  const auto first = static_cast<std::size_t>(from) * cells();
  const std::size_t count = static_cast<std::size_t>(to - from) * cells();
  const std::span vectors = field_.vectors.span(2 * first, 2 * count);
  for (std::size_t i = 0; i < vectors.size(); i += 2) {
    vectors[i] = kInvalid;
    vectors[i + 1] = 0;
  }
  std::ranges::fill(field_.coded.span(first, count), std::uint8_t{0});
}

// Room for all rows; what it adds is not initialised.
void FieldWriter::allocate() {
  constexpr std::int64_t kCellBytes = 5;
  const std::int64_t bytes = rows_ * static_cast<std::int64_t>(cells()) * kCellBytes;
  limits_.check_field(bytes, rows_);
  const std::size_t missing = static_cast<std::size_t>(rows_) - field_.cuts.size();
  static_cast<void>(field_.vectors.extend(2 * missing * cells()));
  static_cast<void>(field_.coded.extend(missing * cells()));
  field_.cuts.resize(static_cast<std::size_t>(rows_));
}

void FieldWriter::append(const ShownFrame& shown) {
  ++rows_;
  if (!binner_) {
    if (!shown.frame) return;
    start(geometry_of(*shown.frame, rotation_, hflip_));
    prepare();
  } else {
    allocate();
  }
  if (!fill(rows_ - 1, shown)) invalidate(rows_ - 1, rows_);
}

void FieldWriter::write(std::int64_t row, const ShownFrame& shown) {
  prepare();
  fill(row, shown);
}

bool FieldWriter::fill(std::int64_t row, const ShownFrame& shown) {
  if (!shown.frame) return false;
  const PictureGeometry now = geometry_of(*shown.frame, rotation_, hflip_);
  const bool same_size =
      now.crop_width == geometry_.crop_width && now.crop_height == geometry_.crop_height;
  const MgmPicture* picture = shown.picture();
  if (picture == nullptr || shown.repeated || !same_size) return false;
  const auto at = static_cast<std::size_t>(row) * cells();
  const CodedFrame coded{.blocks = {picture->blocks, picture->num_blocks},
                         .distances = shown.distances,
                         .motion_scale = picture->motion_scale,
                         .picture_type = av_get_picture_type_char(shown.frame->pict_type)};
  const bool cut = binner_->write_row(coded, field_.vectors.span(2 * at, 2 * cells()),
                                      field_.coded.span(at, cells()));
  field_.cuts[static_cast<std::size_t>(row)] = cut ? 1 : 0;
  return true;
}

void FieldWriter::prepare() {
  const auto before = static_cast<std::int64_t>(field_.cuts.size());
  if (before == rows_) return;
  allocate();
  invalidate(before, rows_);
}

void FieldWriter::copy(std::int64_t from, std::int64_t to) {
  const auto source = static_cast<std::size_t>(from) * cells();
  const auto target = static_cast<std::size_t>(to) * cells();
  std::ranges::copy(field_.vectors.span(2 * source, 2 * cells()),
                    field_.vectors.data() + 2 * target);
  std::ranges::copy(field_.coded.span(source, cells()), field_.coded.data() + target);
  field_.cuts[static_cast<std::size_t>(to)] = field_.cuts[static_cast<std::size_t>(from)];
}

MotionField FieldWriter::take() {
  if (binner_) prepare();  // where damage left no frame to write
  field_.rows = rows_;
  return std::exchange(field_, {});
}

}  // namespace mgm
