#include <memory>

#include "batch/batch_masks.hpp"
#include "bindings/batch_arguments.hpp"
#include "bindings/register.hpp"

namespace mgm::bindings {

namespace {

using Nogil = GilRelease;  // pure C++ on memory that the caller's tensors hold

template <class T>
T* at(std::uintptr_t address) {
  return reinterpret_cast<T*>(address);  // NOLINT(performance-no-int-to-ptr): torch's data_ptr
}

void score(const py::dict& field, const py::dict& request, const py::dict& out, int threads) {
  const FieldBatch batch = field_batch(field);
  const ScoreRequest wanted = score_request(request);
  const ScoreOut result = score_out(out);
  const Nogil nogil;
  score_batch(batch, wanted, result, threads);
}

void texture(const py::dict& frames, const py::dict& grid, std::uintptr_t weight, int threads) {
  const FrameBatch batch = frame_batch(frames);
  const Grid tokens = token_grid(grid);
  const Nogil nogil;
  texture_batch(batch, tokens, at<std::int32_t>(weight), threads);
}

// scratch: bytes [B, S, R, C] for CUDA; unused here.
void corners(const RuleFace& guided, const py::dict& score, const py::dict& given,
             std::uintptr_t views, std::uintptr_t sizes, std::uintptr_t seeds, std::uintptr_t out,
             int threads) {
  const ScoreBatch batch = score_batch_of(score);
  const MaskOptions options = guided.parse(batch.grid, given);
  const Nogil nogil;
  corner_batch(batch, options, at<const View>(views), at<const std::int64_t>(sizes),
               at<const std::uint64_t>(seeds), at<float>(out), threads);
}

void ids(std::uintptr_t mask, std::int64_t clips, std::int64_t n, std::int64_t visible,
         std::uintptr_t keep, std::uintptr_t restore, int threads) {
  const Nogil nogil;
  ids_batch(at<const std::uint8_t>(mask), clips, n, visible, at<std::int64_t>(keep),
            at<std::int64_t>(restore), threads);
}

}  // namespace

void register_batch(py::module_& module) {
  module.def("batch_score", &score);
  module.def("batch_texture", &texture);
  const auto guided = std::make_shared<RuleFace>(rule_of<GuidedMask>());
  module.def("batch_sources", [guided](const py::dict& score, const py::dict& given,
                                       std::uintptr_t sources, int threads) {
    const ScoreBatch batch = score_batch_of(score);
    const MaskOptions options = guided->parse(batch.grid, given);
    const Nogil nogil;
    source_batch(batch, options, at<std::uint8_t>(sources), threads);
  });
  module.def("batch_corners",
             [guided](const py::dict& score, const py::dict& options, std::uintptr_t views,
                      std::uintptr_t sizes, std::uintptr_t seeds, std::uintptr_t out,
                      std::uintptr_t, int threads) {
               corners(*guided, score, options, views, sizes, seeds, out, threads);
             });
  module.def("batch_ids", &ids);
}

}  // namespace mgm::bindings
