#include "decode/clip_reader.hpp"

#include <algorithm>
#include <utility>

#include "error.hpp"

namespace mgm {
namespace {

// A frame comes out at most this many packets after its own: two fields each of what a decoder
// reorders, and what waits for its references.
constexpr std::int64_t kLongestDelay = 96;

// A picture that was left unread may prove to be needed for another one's vectors. The reader then
// reads on again with that picture; after so many of them it leaves no picture unread.
constexpr std::size_t kMostNamed = 8;

PacketDecoder::Options decoder_options(const ReadOptions& options, ClipReader::Purpose purpose) {
  return {
      .vectors = purpose != ClipReader::Purpose::kPixels,
      .vectors_only = false,
      .costs = purpose == ClipReader::Purpose::kCosts || purpose == ClipReader::Purpose::kEnergy,
      .energy = purpose == ClipReader::Purpose::kEnergy,
      .max_pixels = options.max_pixels,
      .num_threads = options.num_threads};
}

// What is damaged on the way is judged once earlier entries were tried.
ReadOptions lenient(ReadOptions options) {
  options.strict = false;
  return options;
}

}  // namespace

ClipReader::ClipReader(const Source& source, const ReadOptions& options, Purpose purpose)
    : options_(options),
      pixels_only_(purpose == Purpose::kPixels),
      counts_(purpose != Purpose::kPixels && purpose != Purpose::kVectorsAndPixels),
      loop_(source, lenient(options), decoder_options(options, purpose)) {
  loop_.set_policy([this](std::int64_t packet) { return treat(packet); });
}

// After an exception nobody knows where the demuxer and the decoder stand.
void ClipReader::recover() {
  if (!abandoned_) return;
  loop_.reopen();
  positioned_ = false;
  abandoned_ = false;
}

const FrameIndex& ClipReader::index() {
  if (loop_.index() == nullptr) {
    recover();
    abandoned_ = true;
    loop_.number_all(false);
    abandoned_ = false;
  }
  return *loop_.index();
}

void ClipReader::recount() {
  loop_.reopen();
  positioned_ = false;
  abandoned_ = true;
  loop_.number_all(true);
  abandoned_ = false;
}

void ClipReader::plan(std::vector<Wanted> wanted) {
  wanted_ = std::move(wanted);
  target_ = wanted_.front().index;
  pixels_due_ = std::ranges::count(wanted_, Want::kPixels, &Wanted::want);
  pixels_ = pixels_due_ > 0;
  keeps_from_ = 0;
  keeps_to_ = -1;
  if (wanted_.back().index > index().last_within()) keep_near(index().last_within());
  begins_ = true;
  find_lenders();
}

// In direct mode a B picture takes vectors from the co-located picture: the next in display order
// that is decoded before it. If that is a B picture itself, it needs one of its own in turn.
void ClipReader::find_lenders() {
  lenders_.clear();
  if (!loop_.lends_motion() || (counts_ && loop_.parses_alone())) return;
  for (const Wanted& wanted : wanted_) {
    auto lender = index().decoded_ahead(wanted.index);
    while (lender && lenders_.insert(*lender).second) lender = index().decoded_ahead(*lender);
  }
}

// Whether this frame is undamaged and has what the plan wants of frame `index`, pixels or vectors.
bool ClipReader::will_do(const ShownFrame& shown, std::int64_t index) const {
  const auto want = want_of(wanted_, index);
  return !shown.damaged && !shown.is_unread() && (want != Want::kPixels || shown.has_pixels());
}

bool ClipReader::has_whole(std::int64_t index) const {
  return current_ && current_->index == index && will_do(*current_, index);
}

bool ClipReader::must_move(std::int64_t index) {
  if (!positioned_) return true;
  if (current_ && index <= current_->index && !has_whole(index)) return true;
  // What lies between was passed over by the plan before, or is lost.
  const bool passed = !ahead_.empty() && index < ahead_.front().index;
  if (begins_ && passed && !has_whole(index)) return true;
  if (loop_.seeks() && entry_for(index).packet >= loop_.next_packet()) return true;
  if (reads_all_ && !has_all_) return true;
  if (has_pixels_ || pixels_due_ == 0) return false;
  goes_on_ = true;
  return true;
}

void ClipReader::go_to(std::int64_t index) {
  if (must_move(index)) restart(entry_for(index), index);
}

// How much of this packet's picture to decode.
Treatment ClipReader::treat(std::int64_t packet) {
  const FrameIndex& frames = *loop_.index();
  PicturePlace place{.frame = frames.frame_of(packet), .pixels_due = pixels_due_};
  place.lends_motion =
      place.frame && (lenders_.contains(*place.frame) || named_lenders_.contains(*place.frame));
  const bool stands_in = standby_ || (current_ && current_->has_pixels()) ||
                         std::ranges::any_of(ahead_, &ShownFrame::has_pixels);
  const bool must_read = reads_all_ || options_.strict;
  const Treatment treatment = frame_policy(place, wanted_,
                                           {.pixels_only = pixels_only_,
                                            .hides_pictures = loop_.hides_pictures(),
                                            .interlaced = loop_.is_interlaced(),
                                            .goes_on = goes_on_,
                                            .has_stand_in = stands_in,
                                            .leaves_unread = leaves_unread_ && !must_read,
                                            .keeps = keeps(place.frame)});
  using Mode = PacketDecoder::Mode;
  has_all_ = has_all_ && treatment.mode != Mode::kReferences;
  const bool first = place.frame && frames.packet_of(*place.frame) == packet;
  if (first && *place.frame >= target_ && want_of(wanted_, *place.frame) == Want::kPixels) {
    --pixels_due_;
  }
  if (treatment.mode == Mode::kVectors || treatment.mode == Mode::kReferences) has_pixels_ = false;
  return treatment;
}

bool ClipReader::pop() {
  ShownFrame shown;
  if (!loop_.next(shown)) return false;
  ahead_.push_back(std::move(shown));
  return true;
}

// Takes the next frame that came out, unless it lies after the one asked for.
bool ClipReader::take_ahead(std::int64_t index) {
  if (ahead_.empty() || ahead_.front().index > index) return false;
  const bool stands_in = current_ && current_->is_good() && (!pixels_ || current_->has_pixels());
  if (stands_in) standby_ = std::move(current_);
  current_ = std::move(ahead_.front());
  ahead_.pop_front();
  return true;
}

// A picture that was left unread is needed: by one that was read, or because it is wanted itself.
bool ClipReader::lacks_vectors() const {
  const bool unread = !ahead_.empty() && ahead_.front().is_unread() &&
                      want_of(wanted_, ahead_.front().index).has_value();
  return loop_.decoder().missed() || unread;
}

void ClipReader::read_what_was_left(std::int64_t index) {
  const auto named = loop_.index()->frame_of(loop_.decoder().missed_packet());
  const bool learnt = loop_.decoder().missed() && named && named_lenders_.size() < kMostNamed &&
                      named_lenders_.insert(*named).second;
  leaves_unread_ = leaves_unread_ && learnt;
  restart(loop_.began(), index);
}

// Reads until frame `index` has come out, or can no longer come.
void ClipReader::read_to(std::int64_t index) {
  const FrameIndex& frames = *loop_.index();
  const std::int64_t last = frames.packet_of(index) + kLongestDelay;
  while (!current_ || current_->index < index) {
    if (lacks_vectors()) read_what_was_left(index);
    if (take_ahead(index)) continue;
    const bool late = frames.identified() && !loop_.drained() && loop_.next_packet() > last;
    if (!ahead_.empty() || late || !pop()) return;
  }
}

void ClipReader::mend(std::int64_t index) {
  const auto is_well = [&] { return has_whole(index) && !loop_.damaged(); };
  if (is_well()) return;
  if (!has_whole(index) && !keeps(index)) {
    keep_near(index);
    restart(loop_.began(), index);
    read_to(index);
    if (is_well()) return;
  }
  if (!loop_.index()->is_cut_off(index)) try_entries(index);
}

void ClipReader::judge(std::int64_t index) {
  const bool lost = !current_ || current_->index != index;
  damaged_ = damaged_ || loop_.damaged() || !has_whole(index);
  if (!options_.strict || (has_whole(index) && !loop_.damaged())) return;
  throw DecodeError(loop_.demuxer().name(), index,
                    lost ? "the frame is missing from a damaged stream (strict=True)"
                         : "the stream is damaged (strict=True)");
}

ClipReader::Fetched ClipReader::fetch(std::int64_t index) {
  static_cast<void>(this->index());
  recover();
  abandoned_ = true;
  go_to(std::min(index, std::max<std::int64_t>(loop_.index()->last_within(), 0)));
  begins_ = false;
  read_to(index);
  mend(index);
  judge(index);
  Fetched fetched{.whole = has_whole(index)};
  if (!fetched.whole) fetched.stand_in = find_stand_in(index);
  if (current_ && current_->index == index) fetched.frame = &*current_;
  abandoned_ = false;
  return fetched;
}

}  // namespace mgm
