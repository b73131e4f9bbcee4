// mgm_ext._cuda: the module. Addresses in device memory and a stream in, nothing out.
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

void field_boxes(const py::dict& field, const py::dict& request, const py::dict& box,
                 std::uintptr_t seeds, std::uintptr_t mask, std::uintptr_t stream) {
  cuda::field_box_batch(field_batch(field), score_request(request), box_request(box),
                        at<const std::uint64_t>(seeds), at<std::uint8_t>(mask),
                        at<CUstream_st>(stream));
}

void score_boxes(const py::dict& score, const py::dict& box, std::uintptr_t seeds,
                 std::uintptr_t mask, std::uintptr_t stream) {
  cuda::score_box_batch(score_batch_of(score), box_request(box), at<const std::uint64_t>(seeds),
                        at<std::uint8_t>(mask), at<CUstream_st>(stream));
}

void corners(const py::dict& score, const py::dict& box, std::uintptr_t views, std::uintptr_t sizes,
             std::uintptr_t seeds, std::uintptr_t out, std::uintptr_t scratch,
             std::uintptr_t stream) {
  cuda::corner_batch(score_batch_of(score), box_request(box), at<const View>(views),
                     at<const std::int64_t>(sizes), at<const std::uint64_t>(seeds), at<float>(out),
                     at<std::uint8_t>(scratch), at<CUstream_st>(stream));
}

void ranks(const py::dict& request, std::uintptr_t seeds, std::uintptr_t mask,
           std::uintptr_t stream) {
  cuda::rank_batch(rank_request(request), at<const std::uint64_t>(seeds), at<std::uint8_t>(mask),
                   at<CUstream_st>(stream));
}

void tracked(const py::dict& field, const py::dict& request, std::uintptr_t seeds,
             std::uintptr_t mask, std::uintptr_t stream) {
  cuda::track_batch(field_batch(field), track_request(request), at<const std::uint64_t>(seeds),
                    at<std::uint8_t>(mask), at<CUstream_st>(stream));
}

void ids(std::uintptr_t mask, std::int64_t clips, std::int64_t n, std::int64_t visible,
         std::uintptr_t keep, std::uintptr_t restore, std::uintptr_t stream) {
  cuda::ids_batch(at<const std::uint8_t>(mask), clips, n, visible, at<std::int64_t>(keep),
                  at<std::int64_t>(restore), at<CUstream_st>(stream));
}

}  // namespace

PYBIND11_MODULE(_cuda, module, py::mod_gil_not_used()) {
  module.doc() = "The CUDA kernels of mgm_ext.";
  module.def("batch_score", &score);
  module.def("batch_texture", &texture);
  module.def("batch_field_boxes", &field_boxes);
  module.def("batch_score_boxes", &score_boxes);
  module.def("batch_corners", &corners);
  module.def("batch_ranks", &ranks);
  module.def("batch_tracked", &tracked);
  module.def("batch_ids", &ids);
}

}  // namespace mgm::bindings
