#include "launch.hpp"
#include "math/track_math.hpp"
#include "select.cuh"
#include "slot_score.cuh"

namespace mgm::cuda {

namespace {

constexpr int kThreads = 256;

struct TrackPlan {
  Grid grid;
  std::int64_t num_masked, down, across;  // falloffs
};

// The block's shared memory.
struct TrackShared {
  std::int64_t *lines, *map;  // [R * C]
  std::uint64_t* ranks;       // [R * C]
  std::uint8_t* bumps;        // [R * C], as the picture has them

  __host__ __device__ TrackShared(Carver& carver, const Grid& grid) {
    lines = carver.take<std::int64_t>(grid.slot_tokens());
    map = carver.take<std::int64_t>(grid.slot_tokens());
    ranks = carver.take<std::uint64_t>(grid.slot_tokens());
    bumps = carver.take<std::uint8_t>(grid.slot_tokens());
  }
};

__device__ std::int64_t middle_row(const ClipView& clip, int slot, std::int64_t last) {
  const SlotRows rows = clip.rows(slot);
  return min((std::int64_t{rows.begin} + rows.end) / 2, last);
}

// map = the largest of all bumps, axis by axis, in 2^-30.
__device__ void make_map(const TrackPlan& plan, TrackShared& shared) {
  const int rows = static_cast<int>(plan.grid.rows), columns = static_cast<int>(plan.grid.columns);
  for (int i = static_cast<int>(threadIdx.x); i < rows * columns;
       i += static_cast<int>(blockDim.x)) {
    const std::uint8_t* row = shared.bumps + i / columns * columns;
    std::int64_t least = kNoBump;
    for (int c = 0; c < columns; ++c) {
      const std::int64_t lost = plan.across * bump_distance(i % columns, c);
      if (row[c] != 0 && lost < least) least = lost;
    }
    shared.lines[i] = least;
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < rows * columns;
       i += static_cast<int>(blockDim.x)) {
    std::int64_t least = kNoBump;
    for (int r = 0; r < rows; ++r) {
      const std::int64_t lost =
          plan.down * bump_distance(i / columns, r) + shared.lines[r * columns + i % columns];
      least = lost < least ? lost : least;
    }
    shared.map[i] = exp2_negative(least);
  }
  __syncthreads();
}

// One block makes the mask of one slot of one clip; each draws the clip's bumps for itself.
__global__ void track_kernel(FieldBatch field, TrackPlan plan, const std::uint64_t* seeds,
                             std::uint8_t* mask) {
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  __shared__ SelectShared select;
  Carver carver(shared_bytes);
  TrackShared shared(carver, plan.grid);
  const Grid& grid = plan.grid;
  const int size = static_cast<int>(grid.slot_tokens()), columns = static_cast<int>(grid.columns);
  const auto slots = static_cast<unsigned>(grid.slots);
  const int slot = static_cast<int>(blockIdx.x % slots), middle = static_cast<int>(slots / 2);
  const ClipView clip(field, grid.slots, blockIdx.x / slots);
  const std::uint64_t seed = seeds[clip.clip];
  const bool mirrored = clip.view().hflip != 0;
  const auto token_of = [=](int i) {
    return mirrored ? i - i % columns + columns - 1 - i % columns : i;
  };
  const auto all = [](int) { return true; };
  const auto bump = [&](int i) { return slot_tie(seed, Purpose::kBump, middle, i); };
  choose(select, size, static_cast<unsigned>(size - plan.num_masked), all, bump, bump,
         [&](int i, bool chosen) { shared.bumps[token_of(i)] = chosen; });
  make_map(plan, shared);
  const std::int64_t stride = field.high * field.wide;
  const ClipCells cells = clip.cells();
  const View view = clip.view();
  Tracker tracker;
  tracker.vectors = reinterpret_cast<const std::int16_t*>(clip.vectors(0));
  tracker.cuts = clip.cuts();
  tracker.row_frames = field.row_frames + clip.clip * field.rows;
  tracker.cells_high = cells.high;
  tracker.cells_wide = cells.wide;
  tracker.row_stride = stride;
  tracker.line_stride = field.wide;
  tracker.wide = grid.columns << 16;
  tracker.high = grid.rows << 16;
  tracker.across = TrackScale(view.x, view.w, grid.columns, cells.cell);
  tracker.down = TrackScale(view.y, view.h, grid.rows, cells.cell);
  const std::int64_t last =
      clamp_to(field.offsets[clip.clip * (field.samples + 1) + field.samples], 0, field.rows) - 1;
  const std::int64_t from = middle_row(clip, slot, last), goal = middle_row(clip, middle, last);
  for (int i = static_cast<int>(threadIdx.x); i < size; i += static_cast<int>(blockDim.x)) {
    Place place{(std::int64_t{i % columns} << 16) + 32768,
                (std::int64_t{i / columns} << 16) + 32768};
    const bool found = tracker.follow(place, from, goal);
    const std::int64_t value =
        found ? sample_map(shared.map, grid.rows, grid.columns, place) : shared.map[i] << 16;
    shared.ranks[token_of(i)] = static_cast<std::uint64_t>(value);
  }
  __syncthreads();
  std::uint8_t* own = mask + static_cast<std::int64_t>(blockIdx.x) * size;
  choose(
      select, size, static_cast<unsigned>(plan.num_masked), all,
      [&](int i) { return shared.ranks[i]; },
      [&](int i) { return slot_tie(seed, Purpose::kRank, slot, i); },
      [&](int i, bool chosen) { own[i] = chosen; });
}

void launch_tracks(const MaskBatch& batch, const MaskOptions& options, cudaStream_t stream) {
  const FieldBatch& field = batch.field;
  const Grid& grid = batch.grid;
  ScoreRequest slots;
  slots.grid = grid;
  check_slots(field, slots);
  const TrackPlan plan{grid, count_masked(options, grid.slot_tokens()),
                       bump_falloff(options.sigma, grid.rows),
                       bump_falloff(options.sigma, grid.columns)};
  Carver carver;
  const TrackShared shared(carver, grid);
  reserve_shared(track_kernel, carver.used() + static_cast<std::int64_t>(sizeof(SelectShared)));
  track_kernel<<<block_count(field.clips * grid.slots), kThreads,
                 static_cast<std::size_t>(carver.used()), stream>>>(field, plan, batch.seeds,
                                                                    batch.mask);
  check(cudaGetLastError(), "track_kernel");
}

}  // namespace

}  // namespace mgm::cuda

void mgm::TrackedMask::launch(const MaskBatch& batch, const MaskOptions& options,
                              CUstream_st* stream) {
  cuda::launch_tracks(batch, options, stream);
}
