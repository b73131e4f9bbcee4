// mgm_ext._cuda: the module. Addresses in device memory and a stream in, nothing out.
#include <memory>
#include <tuple>
#include <type_traits>

#include "bindings/batch_arguments.hpp"
#include "launch.hpp"

namespace mgm::bindings {

namespace {

template <class T>
T* at(std::uintptr_t address) {
  return reinterpret_cast<T*>(address);
}

void score(const py::dict& field, const py::dict& request, const py::dict& out,
           std::uintptr_t stream) {
  cuda::score_batch(field_batch(field), score_request(request), score_out(out),
                    at<CUstream_st>(stream));
}

void texture(const py::dict& frames, const py::dict& grid, std::uintptr_t weight,
             std::uintptr_t stream) {
  cuda::texture_batch(frame_batch(frames), token_grid(grid), at<std::int32_t>(weight),
                      at<CUstream_st>(stream));
}

void corners(const RuleFace& guided, const py::dict& score, const py::dict& given,
             std::uintptr_t views, std::uintptr_t sizes, std::uintptr_t seeds, std::uintptr_t out,
             std::uintptr_t scratch, std::uintptr_t stream) {
  const ScoreBatch batch = score_batch_of(score);
  cuda::corner_batch(batch, guided.parse(batch.grid, given), at<const View>(views),
                     at<const std::int64_t>(sizes), at<const std::uint64_t>(seeds), at<float>(out),
                     at<std::uint8_t>(scratch), at<CUstream_st>(stream));
}

void ids(std::uintptr_t mask, std::int64_t clips, std::int64_t n, std::int64_t visible,
         std::uintptr_t keep, std::uintptr_t restore, std::uintptr_t stream) {
  cuda::ids_batch(at<const std::uint8_t>(mask), clips, n, visible, at<std::int64_t>(keep),
                  at<std::int64_t>(restore), at<CUstream_st>(stream));
}

using Launch = void (*)(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream);

// An entry of the table, as Python has it.
struct CudaRule {
  RuleFace face;
  Launch launch;

  void batch(const py::dict& given, const py::dict& options, std::uintptr_t stream) const {
    const MaskBatch batch = mask_batch_of(given);
    const MaskOptions numbers = face.parse(batch.grid, options);
    if (batch.clips > 0) launch(batch, numbers, at<CUstream_st>(stream));
  }
};

// Masks without a kernel are left out.
template <class Mask>
void add_rule(py::dict& rules) {
  if constexpr (std::is_function_v<decltype(Mask::launch)>) {
    rules[Mask::name] = py::cast(CudaRule{RuleFace(rule_of<Mask>()), &Mask::launch});
  }
}

template <class... Mask>
py::dict rules_of(const std::tuple<Mask...>*) {
  py::dict rules;
  (add_rule<Mask>(rules), ...);
  return rules;
}

}  // namespace

PYBIND11_MODULE(_cuda, module, py::mod_gil_not_used()) {
  module.doc() = "The CUDA kernels of mgm_ext.";
  module.def("batch_score", &score);
  module.def("batch_texture", &texture);
  py::class_<CudaRule>(module, "MaskRule").def("batch", &CudaRule::batch);
  module.attr("mask_rules") = rules_of(static_cast<const Masks*>(nullptr));
  const auto guided = std::make_shared<RuleFace>(rule_of<GuidedMask>());
  module.def("batch_sources", [guided](const py::dict& score, const py::dict& given,
                                       std::uintptr_t sources, std::uintptr_t stream) {
    const ScoreBatch batch = score_batch_of(score);
    cuda::source_batch(batch, guided->parse(batch.grid, given), at<std::uint8_t>(sources),
                       at<CUstream_st>(stream));
  });
  module.def("batch_corners",
             [guided](const py::dict& score, const py::dict& options, std::uintptr_t views,
                      std::uintptr_t sizes, std::uintptr_t seeds, std::uintptr_t out,
                      std::uintptr_t scratch, std::uintptr_t stream) {
               corners(*guided, score, options, views, sizes, seeds, out, scratch, stream);
             });
  module.def("batch_ids", &ids);
}

}  // namespace mgm::bindings
