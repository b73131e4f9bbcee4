// Room decode: bits of blocks, and the energy of their coefficients.
#include "decode/block_costs.hpp"

#include <pybind11/stl.h>

#include "bindings/source.hpp"
#include "bindings/video.hpp"

namespace mgm::bindings {
namespace {

using Indices = py::array_t<std::int64_t, py::array::c_style>;

// Columns, picture types, info.
py::tuple to_tuple(BlockCosts&& costs) {
  const auto rows = static_cast<py::ssize_t>(costs.frame_indices.size());
  py::dict out;
  out["bits"] = own(std::move(costs.bits), {rows, costs.units_high, costs.units_wide});
  if (costs.energy) {
    BlockEnergy& energy = *costs.energy;
    out["luma_energy"] = own(std::move(energy.luma), {rows, energy.cells_high, energy.cells_wide});
    out["chroma_energy"] =
        own(std::move(energy.chroma), {rows, energy.cells_high, energy.cells_wide});
    out["cell"] = energy.cell;
  }
  out["frame_indices"] = own(std::move(costs.frame_indices));
  out["valid"] = own(std::move(costs.valid)).attr("view")("bool");
  out["header_bits"] = own(std::move(costs.header_bits));
  out["end_bits"] = own(std::move(costs.end_bits));
  out["picture_bytes"] = own(std::move(costs.picture_bytes));
  out["quantisers"] = own(std::move(costs.quantisers));
  out["seconds"] = own(std::move(costs.seconds));
  out["unit"] = costs.unit;
  out["crop"] = py::make_tuple(costs.crop_x, costs.crop_y, costs.crop_width, costs.crop_height);
  out["rotation"] = costs.rotation;
  out["hflip"] = costs.hflip;
  return py::make_tuple(out, costs.picture_types, to_dict(costs.info));
}

}  // namespace

void register_block_costs(py::module_& module) {
  module.def(
      "read_block_costs",
      [](const py::object& object, ReadOptions options, const std::optional<Indices>& indices,
         bool energy) {
        PySource source(object);
        BlockCosts costs;
        options.interrupt = make_interrupt();
        std::optional<std::span<const std::int64_t>> wanted;
        if (indices) wanted = view_of(*indices);
        {
          const GilRelease released;
          costs = read_block_costs(source.take(), options, wanted, energy);
        }
        return to_tuple(std::move(costs));
      },
      py::arg("source"), py::arg("options"), py::arg("indices"), py::arg("energy"));
}

}  // namespace mgm::bindings
