// Room motion_field: fields from flow; one frame's binning and the rows of a clip for the tests.
#include "field/motion_field.hpp"

#include <pybind11/stl.h>

#include <optional>
#include <stdexcept>
#include <vector>

#include "bindings/register.hpp"
#include "decode/select_rows.hpp"
#include "taps/blocks.h"

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

// blocks: rows of x, y, w, h, flags, reference, motion_x, motion_y.
std::vector<MgmBlock> blocks_of(const Array<std::int32_t>& table) {
  const auto rows = table.unchecked<2>();
  std::vector<MgmBlock> blocks;
  for (py::ssize_t i = 0; i < rows.shape(0); ++i) {
    blocks.push_back({.x = static_cast<std::int16_t>(rows(i, 0)),
                      .y = static_cast<std::int16_t>(rows(i, 1)),
                      .w = static_cast<std::uint8_t>(rows(i, 2)),
                      .h = static_cast<std::uint8_t>(rows(i, 3)),
                      .flags = static_cast<std::uint8_t>(rows(i, 4)),
                      .reference = static_cast<std::uint8_t>(rows(i, 5)),
                      .motion_x = rows(i, 6),
                      .motion_y = rows(i, 7)});
  }
  return blocks;
}

// A FieldBinner for the tests, which hand it literal rows.
class TestBinner {
 public:
  TestBinner(std::array<int, 4> crop, int rotation, bool hflip, std::optional<int> cell)
      : binner_({.crop_x = crop[0],
                 .crop_y = crop[1],
                 .crop_width = crop[2],
                 .crop_height = crop[3],
                 .rotation = rotation,
                 .hflip = hflip},
                cell) {}

  py::tuple write_row(const Array<std::int32_t>& table, const Array<float>& distances,
                      int motion_scale, char picture_type) {
    const auto cells = binner_.cells_high() * binner_.cells_wide();
    std::vector<std::int16_t> vectors(static_cast<std::size_t>(2 * cells));
    std::vector<std::uint8_t> coded(static_cast<std::size_t>(cells));
    const auto blocks = blocks_of(table);
    const bool cut = binner_.write_row({.blocks = blocks,
                                        .distances = view_of(distances),
                                        .motion_scale = motion_scale,
                                        .picture_type = picture_type},
                                       vectors, coded);
    return py::make_tuple(own(std::move(vectors), {binner_.cells_high(), binner_.cells_wide(), 2}),
                          own(std::move(coded), {binner_.cells_high(), binner_.cells_wide()}), cut);
  }

  [[nodiscard]] py::tuple size() const {
    return py::make_tuple(binner_.width(), binner_.height(), binner_.cell());
  }

 private:
  FieldBinner binner_;
};

// For stores of whole fields and the tests; readers select rows themselves.
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
  py::class_<TestBinner>(module, "_TestBinner")
      .def(py::init<std::array<int, 4>, int, bool, std::optional<int>>(), py::arg("crop"),
           py::arg("rotation"), py::arg("hflip"), py::arg("cell"))
      .def("write_row", &TestBinner::write_row, py::arg("blocks"), py::arg("distances"),
           py::arg("motion_scale"), py::arg("picture_type"))
      .def_property_readonly("size", &TestBinner::size);
}

}  // namespace mgm::bindings
