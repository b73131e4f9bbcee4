// Where a packet loop stands in its file.
#include <utility>

#include "decode/container_index.hpp"
#include "decode/packet_loop.hpp"

namespace mgm {
namespace {

// A packet that a seek misses by more than this is not worth searching for.
constexpr int kMostSearched = 4096;

bool invents_times(const Demuxer& demuxer) {
  return (demuxer.context().iformat->flags & AVFMT_NOTIMESTAMPS) != 0;
}

// Of the same place and size in the file.
bool lies_as(const FrameIndex::Packet& wanted, const AVPacket& packet) {
  return wanted.pos == packet.pos && wanted.size == packet.size;
}

// Decoded, or by_place lying in the file, after the wanted one.
bool is_behind(const FrameIndex::Packet& wanted, const AVPacket& packet, bool by_place) {
  if (by_place) return wanted.pos >= 0 && packet.pos > wanted.pos;
  return packet.dts != AV_NOPTS_VALUE && packet.dts > wanted.dts;
}

}  // namespace

// Times tell apart what lies in one place, or is read twice, but not where libavformat invents
// them: after a seek it does so differently.
bool PacketLoop::is_packet(const FrameIndex::Packet& wanted, const AVPacket& packet) const {
  const bool placed = wanted.pos >= 0 && packet.pos >= 0;
  const bool timed = wanted.pts != kNoPts && packet.pts != AV_NOPTS_VALUE;
  if (placed && !lies_as(wanted, packet)) return false;
  if (!timed || invents_times(*demuxer_)) return placed;
  return wanted.pts == packet.pts;
}

bool PacketLoop::seek(const FrameIndex::Entry& entry) {
  const FrameIndex::Packet& wanted = index_->packet(entry.packet);
  const bool by_place = invents_times(*demuxer_);
  const std::int64_t time = wanted.pts != kNoPts ? wanted.pts : wanted.dts;
  if (by_place ? wanted.pos < 0 : time == kNoPts) return false;
  if (!(by_place ? demuxer_->seek_byte(wanted.pos) : demuxer_->seek(time))) return false;
  for (int i = 0; i < kMostSearched && demuxer_->read(*packet_); ++i) {
    if (is_packet(wanted, *packet_)) return true;
    if (is_behind(wanted, *packet_, by_place || wanted.dts == kNoPts)) return false;
  }
  return false;
}

// Whether a packet is the one that the index lists next.
bool PacketLoop::is_next(const AVPacket& packet) const {
  if (!index_ || next_packet_ >= index_->num_packets()) return false;
  const FrameIndex::Packet& listed = index_->packet(next_packet_);
  return listed.pos >= 0 && packet.pos >= 0 ? lies_as(listed, packet) : is_packet(listed, packet);
}

// The next packet, which must be the one that the index lists; after a seek that went astray the
// file is read anew from its start.
bool PacketLoop::read_packet() {
  if (std::exchange(pending_, false)) return true;
  untouched_ = false;
  if (!demuxer_->read(*packet_)) return false;
  if (!index_ && in_turn_) packets_.push_back(describe_packet(*demuxer_, *packet_));
  if (began_.packet == 0 || is_next(*packet_)) return true;
  seeks_ = false;
  rewind();
  return read_packet();
}

}  // namespace mgm
