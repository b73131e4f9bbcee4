#include "decode/frame_walk.hpp"

#include <optional>
#include <utility>

#include "decode/field_writer.hpp"
#include "decode/packet_loop.hpp"
#include "decode/pixel_converter.hpp"
#include "decode/vector_rows.hpp"
#include "decode/video_info.hpp"

namespace mgm {

class FrameWalk::Impl {
 public:
  Impl(Source source, const ReadOptions& options, Blocks blocks)
      : blocks_(blocks),
        loop_(std::move(source), options,
              {.vectors_only = options.vectors_only, .export_rows = blocks == Blocks::kLibavcodec}),
        header_(describe_stream(loop_.demuxer(), options.rotate)) {}

  [[nodiscard]] bool next();
  void leave_pixels() { loop_.set_mode(PacketDecoder::Mode::kVectors); }

  [[nodiscard]] char picture_type() const {
    return shown_.frame ? av_get_picture_type_char(shown_.frame->pict_type) : '?';
  }

  [[nodiscard]] std::vector<std::int32_t> rows() const;
  [[nodiscard]] Picture picture();

 private:
  Blocks blocks_;
  PacketLoop loop_;
  VideoInfo header_;
  bool begun_ = false;
  ShownFrame shown_;
  libav::Frame pixels_;  // of the frame where it stands, or of the one before a lost one
  std::optional<PixelConverter> converter_;
  int height_ = 0, width_ = 0;
};

bool FrameWalk::Impl::next() {
  if (!std::exchange(begun_, true)) {
    loop_.number_by_container();
    loop_.begin(0);
  }
  if (!loop_.next_in_turn(shown_)) {
    shown_ = {};
    pixels_.reset();
    return false;
  }
  if (shown_.frame) pixels_.reset(av_frame_clone(shown_.frame.get()));
  return true;
}

std::vector<std::int32_t> FrameWalk::Impl::rows() const {
  MotionVectors from;
  if (shown_.frame) append_rows(from, shown_, blocks_);
  std::vector<std::int32_t> to;
  to.reserve(10 * from.w.size());
  for (std::size_t i = 0; i < from.w.size(); ++i) {
    to.insert(to.end(),
              {from.source.data()[i], from.w.data()[i], from.h.data()[i], from.src_x.data()[i],
               from.src_y.data()[i], from.dst_x.data()[i], from.dst_y.data()[i],
               from.motion_x.data()[i], from.motion_y.data()[i], from.motion_scale.data()[i]});
  }
  return to;
}

// Each frame in its own size, as its vectors are.
FrameWalk::Picture FrameWalk::Impl::picture() {
  Picture picture;
  if (!pixels_) return picture;
  const PictureGeometry geometry = geometry_of(*pixels_, header_.rotation, header_.hflip);
  picture.height = geometry.turned_height();
  picture.width = geometry.turned_width();
  if (!converter_ || picture.height != height_ || picture.width != width_) {
    height_ = static_cast<int>(picture.height);
    width_ = static_cast<int>(picture.width);
    converter_.emplace(PixelConverter::Output{.width = width_,
                                              .height = height_,
                                              .rotation = header_.rotation,
                                              .hflip = header_.hflip,
                                              .bgr = true});
  }
  const auto bytes = static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_) * 3;
  picture.bgr = std::make_unique_for_overwrite<std::uint8_t[]>(bytes);
  converter_->convert(*pixels_, {picture.bgr.get(), bytes});
  return picture;
}

FrameWalk::FrameWalk(Source source, const ReadOptions& options, Blocks blocks)
    : impl_(std::make_unique<Impl>(std::move(source), options, blocks)) {}

FrameWalk::~FrameWalk() = default;

bool FrameWalk::next() { return impl_->next(); }

void FrameWalk::leave_pixels() { impl_->leave_pixels(); }

char FrameWalk::picture_type() const { return impl_->picture_type(); }

std::vector<std::int32_t> FrameWalk::rows() const { return impl_->rows(); }

FrameWalk::Picture FrameWalk::picture() { return impl_->picture(); }

}  // namespace mgm
