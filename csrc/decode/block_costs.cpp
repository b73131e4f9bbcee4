#include "decode/block_costs.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "decode/clip_plan.hpp"
#include "decode/clip_reader.hpp"
#include "decode/field_writer.hpp"
#include "decode/packet_loop.hpp"
#include "decode/result_limits.hpp"
#include "decode/video_info.hpp"

namespace mgm {
namespace {

void round_into(std::span<std::int64_t> levels, const std::uint64_t* energy) {
  constexpr std::uint64_t kHalf = std::uint64_t{1} << (MGM_ENERGY_SHIFT - 1);
  for (std::int64_t& level : levels) {
    level = static_cast<std::int64_t>((*energy++ + kHalf) >> MGM_ENERGY_SHIFT);
  }
}

// Fills rows of energy likewise.
class EnergyWriter {
 public:
  explicit EnergyWriter(BlockEnergy& energy) : energy_(&energy) {}

  [[nodiscard]] std::size_t cells() const {
    return static_cast<std::size_t>(energy_->cells_high * energy_->cells_wide);
  }

  void start(const MgmEnergy& counted) {
    energy_->cell = counted.side;
    energy_->cells_high = counted.rows;
    energy_->cells_wide = counted.columns;
  }

  [[nodiscard]] bool fits(const MgmEnergy& counted) const {
    return counted.side == energy_->cell && counted.rows == energy_->cells_high &&
           counted.columns == energy_->cells_wide;
  }

  void resize(std::size_t rows) {
    for (Column<std::int64_t>* column : {&energy_->luma, &energy_->chroma}) {
      const std::size_t wanted = rows * cells();
      if (wanted <= column->size()) continue;
      const std::size_t missing = wanted - column->size();
      std::fill_n(column->extend(missing), missing, 0);
    }
  }

  void fill(std::size_t row, const MgmEnergy& counted) {
    round_into(energy_->luma.span(row * cells(), cells()), counted.cells[MGM_LUMA]);
    round_into(energy_->chroma.span(row * cells(), cells()), counted.cells[MGM_CHROMA]);
  }

  void copy(std::size_t from, std::size_t to) {
    for (Column<std::int64_t>* column : {&energy_->luma, &energy_->chroma}) {
      std::ranges::copy(column->span(from * cells(), cells()),
                        column->span(to * cells(), cells()).begin());
    }
  }

 private:
  BlockEnergy* energy_;
};

// Fills rows from shown frames. The first counted picture fixes the size.
class CostWriter {
 public:
  CostWriter(BlockCosts& costs, ResultLimits limits) : costs_(&costs), limits_(std::move(limits)) {
    if (costs.energy) energy_.emplace(*costs.energy);
  }

  void resize(std::int64_t rows) {
    const auto size = static_cast<std::size_t>(rows);
    costs_->valid.resize(size);
    costs_->picture_types.resize(size, '?');
    costs_->header_bits.resize(size);
    costs_->end_bits.resize(size);
    costs_->picture_bytes.resize(size, -1);
    costs_->quantisers.resize(size, std::numeric_limits<float>::quiet_NaN());
    fill_up();
  }

  void write(std::size_t row, const ShownFrame& shown, std::int64_t bytes) {
    if (!shown.frame) return;
    costs_->picture_types[row] = av_get_picture_type_char(shown.frame->pict_type);
    costs_->picture_bytes[row] = bytes;
    const MgmPicture* picture = shown.picture();
    if (picture == nullptr || shown.damaged || shown.doubtful) return;
    if (shown.repeated) {
      costs_->valid[row] = costs_->unit > 0 ? 1 : 0;  // shown again, it takes nothing
      return;
    }
    if (picture->costs.side == 0 || picture->costs.misread != 0) return;
    if (energy_ && picture->energy.side == 0) return;
    start(*shown.frame, *picture);
    const bool unknown = energy_ && picture->energy.unknown != 0;
    if (!unknown && fits(*shown.frame, *picture)) fill(row, *picture);
  }

  void copy(std::size_t from, std::size_t to) {
    std::ranges::copy(costs_->bits.span(from * units(), units()), units_of(to).data());
    if (energy_) energy_->copy(from, to);
    costs_->valid[to] = costs_->valid[from];
    costs_->picture_types[to] = costs_->picture_types[from];
    costs_->header_bits[to] = costs_->header_bits[from];
    costs_->end_bits[to] = costs_->end_bits[from];
    costs_->picture_bytes[to] = costs_->picture_bytes[from];
    costs_->quantisers[to] = costs_->quantisers[from];
  }

 private:
  [[nodiscard]] std::size_t units() const {
    return static_cast<std::size_t>(costs_->units_high * costs_->units_wide);
  }
  [[nodiscard]] std::span<std::int64_t> units_of(std::size_t row) {
    return costs_->bits.span(row * units(), units());
  }

  void fill_up() {
    const std::size_t wanted = costs_->valid.size() * units();
    if (wanted <= costs_->bits.size()) return;
    const auto rows = static_cast<std::int64_t>(costs_->valid.size());
    const std::size_t cells = energy_ ? 2 * costs_->valid.size() * energy_->cells() : 0;
    limits_.check_field(static_cast<std::int64_t>((wanted + cells) * sizeof(std::int64_t)), rows);
    const std::size_t missing = wanted - costs_->bits.size();
    std::fill_n(costs_->bits.extend(missing), missing, 0);
    if (energy_) energy_->resize(costs_->valid.size());
  }

  void start(const AVFrame& frame, const MgmPicture& picture) {
    if (costs_->unit > 0) return;
    const MgmCosts& counted = picture.costs;
    const PictureGeometry shown = geometry_of(frame, 0, false);
    costs_->crop_x = shown.crop_x;
    costs_->crop_y = shown.crop_y;
    costs_->crop_width = shown.crop_width;
    costs_->crop_height = shown.crop_height;
    costs_->unit = counted.side;
    costs_->units_high = counted.rows;
    costs_->units_wide = counted.columns;
    if (energy_) energy_->start(picture.energy);
    fill_up();
  }

  [[nodiscard]] bool fits(const AVFrame& frame, const MgmPicture& picture) const {
    const MgmCosts& counted = picture.costs;
    if (energy_ && !energy_->fits(picture.energy)) return false;
    const PictureGeometry shown = geometry_of(frame, 0, false);
    return counted.side == costs_->unit && counted.rows == costs_->units_high &&
           counted.columns == costs_->units_wide && shown.crop_width == costs_->crop_width &&
           shown.crop_height == costs_->crop_height;
  }

  void fill(std::size_t row, const MgmPicture& picture) {
    const MgmCosts& counted = picture.costs;
    if (energy_) energy_->fill(row, picture.energy);
    std::ranges::copy(std::span(counted.bits, units()), units_of(row).data());
    costs_->valid[row] = 1;
    costs_->header_bits[row] = counted.header_bits;
    costs_->end_bits[row] = counted.end_bits;
    if (counted.num_quantisers == 0) return;
    costs_->quantisers[row] = static_cast<float>(static_cast<double>(counted.quantisers) /
                                                 static_cast<double>(counted.num_quantisers));
  }

  BlockCosts* costs_;
  ResultLimits limits_;
  std::optional<EnergyWriter> energy_;
};

void turn(BlockCosts& costs) {
  costs.rotation = costs.info.rotation;
  costs.hflip = costs.info.hflip;
}

BlockCosts costs_of_all(Source source, const ReadOptions& options, bool energy) {
  BlockCosts costs;
  if (energy) costs.energy.emplace();
  PacketLoop loop(
      std::move(source), options,
      {.vectors_only = options.vectors_only || energy, .costs = true, .energy = energy});
  loop.decoder().require_costs();
  CostWriter writer(costs, ResultLimits(loop.demuxer().name(), options));
  loop.number_by_container();
  loop.begin(0);
  ShownFrame shown;
  std::int64_t rows = 0;
  while (loop.next_in_turn(shown)) {
    writer.resize(++rows);
    writer.write(static_cast<std::size_t>(rows - 1), shown, loop.packet_bytes(shown.packet));
  }
  costs.frame_indices.resize(static_cast<std::size_t>(rows));
  std::iota(costs.frame_indices.begin(), costs.frame_indices.end(), 0);
  const AVRational time_base = loop.demuxer().stream().time_base;
  for (const std::int64_t pts : loop.times()) costs.seconds.push_back(seconds_of(pts, time_base));
  costs.info = loop.info();
  turn(costs);
  return costs;
}

void read_frames(ClipReader& reader, CostWriter& writer, BlockCosts& costs) {
  const std::vector<Use> all = sorted_uses(costs.frame_indices);
  std::span<const Use> left = all;
  const std::vector<Wanted> wanted = plan(all, {}, false);
  reader.plan(wanted);
  for (const Wanted& want : wanted) {
    const ClipReader::Fetched fetched = reader.fetch(want.index);
    const std::span<const Use> uses = take_uses(left, want.index);
    const std::size_t first = uses.front().place;
    if (fetched.frame != nullptr) {
      writer.write(first, *fetched.frame, reader.loop().packet_bytes(fetched.frame->packet));
    }
    for (const Use& use : uses.subspan(1)) writer.copy(first, use.place);
  }
}

BlockCosts costs_of_some(const Source& source, const ReadOptions& options,
                         std::span<const std::int64_t> indices, bool energy, bool counted) {
  BlockCosts costs;
  if (energy) costs.energy.emplace();
  const auto purpose = energy ? ClipReader::Purpose::kEnergy : ClipReader::Purpose::kCosts;
  ClipReader reader(source, options, purpose);
  reader.loop().decoder().require_costs();
  if (counted) reader.recount();
  const FrameIndex& index = reader.index();
  costs.frame_indices =
      absolute_indices(indices, index.num_frames(), reader.loop().demuxer().name());
  CostWriter writer(costs, ResultLimits(reader.loop().demuxer().name(), options));
  writer.resize(static_cast<std::int64_t>(indices.size()));
  read_frames(reader, writer, costs);
  const AVRational time_base = reader.loop().demuxer().stream().time_base;
  for (const std::int64_t frame : costs.frame_indices) {
    costs.seconds.push_back(seconds_of(reader.index().pts(frame), time_base));
  }
  costs.info = reader.loop().info();
  turn(costs);
  costs.info.num_frames = reader.index().num_frames();
  costs.info.key_frames = reader.index().key_frames();
  costs.info.damaged = reader.damaged();
  return costs;
}

}  // namespace

BlockCosts read_block_costs(Source source, const ReadOptions& options,
                            std::optional<std::span<const std::int64_t>> frame_indices,
                            bool energy) {
  if (!frame_indices) return costs_of_all(std::move(source), options, energy);
  try {
    return costs_of_some(source, options, *frame_indices, energy, false);
  } catch (const WrongIndex&) {
    return costs_of_some(source, options, *frame_indices, energy, true);
  }
}

}  // namespace mgm
