#include "decode/decoded_order.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "decode/container_index.hpp"
#include "decode/packet_loop.hpp"
#include "error.hpp"

namespace mgm {
namespace {

// As far as the first pictures are looked at where no second key frame ends them.
constexpr std::int64_t kMostChecked = 300;

// For the order of frames alone: pictures are begun, and read no further where the codec lets us.
std::unique_ptr<PacketLoop> order_loop(const Source& source, ReadOptions options) {
  options.strict = false;
  auto loop =
      std::make_unique<PacketLoop>(source, options, PacketDecoder::Options{.vectors_only = true});
  loop->set_mode(PacketDecoder::Mode::kReferences);
  return loop;
}

std::int64_t second_key(const FrameIndex& index) {
  const std::vector<std::int64_t> keys = index.key_frames();
  return keys.size() > 1 ? keys[1] : index.num_frames();
}

// Frames come as numbered, and few packets bring none: one may be damaged, second fields are many.
bool first_pictures_agree(const FrameIndex& index, PacketLoop& loop, bool may_hold_fields) {
  const std::int64_t end = std::min(second_key(index), kMostChecked);
  const bool all_shown = index.num_frames() == index.num_packets();
  std::int64_t count = 0, last = -1;
  for (ShownFrame shown; last + 1 < end && loop.next(shown); ++count) {
    const auto frame = index.frame_of(shown.packet);
    if (!frame) continue;
    if (*frame <= last && index.in_decoding_order()) return false;
    last = std::max(last, *frame);
    // A picture that is shown in another order than decoded, after all before it, has proved it.
    const bool proved = shown.frame->pict_type == AV_PICTURE_TYPE_B && count == last;
    if (proved && all_shown && !may_hold_fields) return true;
  }
  return 4 * count >= 3 * (last + 1);
}

}  // namespace

bool is_right(const FrameIndex& index, const Source& source, const ReadOptions& options,
              const Demuxer& demuxer, const PacketDecoder& decoder) {
  const Doubt doubt = doubt_of(index, demuxer, decoder);
  if (doubt == Doubt::kNone) return true;
  if (doubt == Doubt::kWholeFile) return false;
  return first_pictures_agree(index, *order_loop(source, options), may_hold_fields(decoder));
}

void number_by_decoding(FrameIndex& index, const Source& source, const ReadOptions& options) {
  const auto loop = order_loop(source, options);
  std::vector<std::int64_t> packets;
  for (ShownFrame shown; loop->next(shown);) packets.push_back(shown.packet);
  if (packets.empty()) {
    throw DecodeError(loop->demuxer().name(), std::nullopt, "no frame could be decoded");
  }
  index.number(std::move(packets));
}

}  // namespace mgm
