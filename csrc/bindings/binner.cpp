// For the tests: the binning of one frame.
#include <pybind11/stl.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "bindings/register.hpp"
#include "field/motion_field.hpp"
#include "taps/blocks.h"

namespace mgm::bindings {
namespace {

template <class T>
using Array = py::array_t<T, py::array::c_style>;

// blocks: rows of x, y, w, h, flags, reference, motion_x, motion_y.
std::vector<MgmBlock> blocks_of(const Array<std::int32_t>& table) {
  const auto rows = table.unchecked<2>();
  std::vector<MgmBlock> blocks;
  blocks.reserve(static_cast<std::size_t>(rows.shape(0)));
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

// A FieldBinner that is handed literal rows.
class Binner {
 public:
  Binner(std::array<int, 4> crop, int rotation, bool hflip, std::optional<int> cell)
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

}  // namespace

void register_binner(py::module_& testing) {
  py::class_<Binner>(testing, "Binner")
      .def(py::init<std::array<int, 4>, int, bool, std::optional<int>>(), py::arg("crop"),
           py::arg("rotation"), py::arg("hflip"), py::arg("cell"))
      .def("write_row", &Binner::write_row, py::arg("blocks"), py::arg("distances"),
           py::arg("motion_scale"), py::arg("picture_type"))
      .def_property_readonly("size", &Binner::size);
}

}  // namespace mgm::bindings
