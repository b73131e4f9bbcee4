// Room motion_field: fields from flow, and the rows of a clip.
#include "field/motion_field.hpp"

#include <pybind11/stl.h>

#include <optional>
#include <stdexcept>
#include <vector>

#include "bindings/register.hpp"
#include "decode/select_rows.hpp"

namespace mgm::bindings {
namespace {

template <class T>
using Array = py::array_t<T, py::array::c_style>;

py::tuple from_flow(const Array<float>& flow, const std::optional<Array<bool>>& valid,
                    std::optional<int> cell) {
  if (flow.ndim() != 4) throw std::invalid_argument("flow must have 4 axes");
  const FlowSize size{.frames = static_cast<int>(flow.shape(0)),
                      .height = static_cast<int>(flow.shape(1)),
                      .width = static_cast<int>(flow.shape(2))};
  const auto pixels = view_of(flow);
  std::span<const std::uint8_t> mask;
  if (valid) {
    mask = {reinterpret_cast<const std::uint8_t*>(valid->data()),
            static_cast<std::size_t>(valid->size())};
  }
  MotionField field;
  {
    // The arrays are held by the caller's references.
    const GilRelease release;
    field = field_from_flow(pixels, mask, size, cell);
  }
  const std::vector<py::ssize_t> shape{field.rows, field.cells_high, field.cells_wide, 2};
  return py::make_tuple(own(std::move(field.vectors), shape), field.cell);
}

// For stores of whole fields; readers select rows themselves.
py::tuple rows_of(const Array<std::int64_t>& frame_indices, std::optional<std::int64_t> num_frames,
                  const Array<std::int64_t>& key_frames, Window window) {
  RowSelection rows = select_rows(view_of(frame_indices), num_frames, view_of(key_frames), window);
  return py::make_tuple(own(std::move(rows.row_frames)), own(std::move(rows.sample_offsets)));
}

}  // namespace

void register_motion_field(py::module_& module) {
  module.def("field_from_flow", &from_flow, py::arg("flow"), py::arg("valid"), py::arg("cell"));
  module.def("select_rows", &rows_of, py::arg("frame_indices"), py::arg("num_frames"),
             py::arg("key_frames"), py::arg("window"));
}

}  // namespace mgm::bindings
