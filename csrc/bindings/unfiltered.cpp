#include "decode/unfiltered.hpp"

#include "bindings/source.hpp"

namespace mgm::bindings {
namespace {

using Block = UnfilteredPicture::Block;

py::dict to_dict(UnfilteredPicture&& picture) {
  py::dict out;
  out["serial"] = picture.serial;
  out["motion_scale"] = picture.motion_scale;
  out["luma"] = own(std::move(picture.luma), {picture.height, picture.width});
  out["blocks"] = own(std::move(picture.blocks));
  return out;
}

}  // namespace

void register_unfiltered(py::module_& module) {
  PYBIND11_NUMPY_DTYPE(Block, x, y, w, h, flags, reference, motion_x, motion_y);
  module.def(
      "decode_unfiltered",
      [](const py::object& object, const ReadOptions& options) {
        PySource source(object);
        std::vector<UnfilteredPicture> pictures;
        {
          // Pure C++ and libav; the source's callbacks take the GIL themselves.
          const py::gil_scoped_release released;
          pictures = decode_unfiltered(source.take(), options);
        }
        py::list out;
        for (UnfilteredPicture& picture : pictures) out.append(to_dict(std::move(picture)));
        return out;
      },
      py::arg("source"), py::arg("options"));
}

}  // namespace mgm::bindings
