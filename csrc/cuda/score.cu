#include "launch.hpp"
#include "slot_score.cuh"

namespace mgm::cuda {

namespace {

// One block makes the score of one slot of one clip.
template <Cells cells>
__global__ void __launch_bounds__(most_threads(cells), least_blocks(cells))
    score_kernel(FieldBatch field, ScoreRequest request, ScoreOut out) {
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  Carver carver(shared_bytes);
  SlotShared shared(carver, field, request.grid, request.camera, warps());
  const auto slots = static_cast<unsigned>(request.grid.slots);
  const int slot = static_cast<int>(blockIdx.x % slots);
  const ClipView clip(field, request.grid.slots, blockIdx.x / slots);
  const SlotRows rows = clip.rows(slot);
  load_edges(clip, request.grid, shared);
  __syncthreads();
  score_slot<cells>(field, clip, request, slot, rows, shared);
  const std::int64_t tokens = request.grid.slot_tokens();
  const std::int64_t base = static_cast<std::int64_t>(blockIdx.x) * tokens;
  for (std::int64_t i = threadIdx.x; i < tokens; i += blockDim.x) {
    out.values[base + i] = shared.values[i];
    out.motion[base + i] = shared.motion[i];
    out.valid[base + i] = shared.valid[i];
  }
  if (threadIdx.x == 0) out.cuts[blockIdx.x] = clip.has_cut(slot);
}

}  // namespace

void check_slots(const FieldBatch& field, const ScoreRequest& request) {
  const Grid& grid = request.grid;
  if (grid.slots < 1 || grid.rows < 1 || grid.columns < 1 || field.samples < 1 ||
      field.samples % grid.slots != 0 || grid.slot_tokens() >= kMaxSlotTokens) {
    throw std::invalid_argument("grid must have a number of slots that divides the field's " +
                                std::to_string(field.samples) + " sampled frames, not " +
                                std::to_string(grid.slots));
  }
}

void score_batch(const FieldBatch& field, const ScoreRequest& request, const ScoreOut& out,
                 cudaStream_t stream) {
  check_slots(field, request);
  if (field.clips == 0) return;
  const Cells cells = cells_of(field, request);
  const int threads = slot_threads(field, request.grid, cells);
  Carver carver;
  const SlotShared shared(carver, field, request.grid, request.camera, threads / 32);
  auto kernel = score_kernel<Cells::kAnyCamera>;
  if (cells == Cells::kManyBlocks) kernel = score_kernel<Cells::kManyBlocks>;
  if (cells == Cells::kFewBlocks) kernel = score_kernel<Cells::kFewBlocks>;
  reserve_shared(kernel, carver.used());
  kernel<<<block_count(field.clips * request.grid.slots), threads,
           static_cast<std::size_t>(carver.used()), stream>>>(field, request, out);
  check(cudaGetLastError(), "score_kernel");
}

}  // namespace mgm::cuda
