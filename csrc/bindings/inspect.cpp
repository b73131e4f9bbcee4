#include "decode/inspect.hpp"

#include <pybind11/stl.h>

#include "bindings/source.hpp"
#include "decode/inspect_packets.hpp"

namespace mgm::bindings {
namespace {

py::object own_samples(std::vector<std::uint8_t>&& samples, std::vector<py::ssize_t> shape,
                       int sample_bytes) {
  if (samples.empty()) shape.front() = 0;
  if (sample_bytes == 1) return own(std::move(samples), std::move(shape));
  shape.back() *= 2;
  return own(std::move(samples), std::move(shape)).attr("view")("<u2");
}

py::dict inspection_dict(Inspection&& found) {
  py::dict out;
  out["frames"] = found.frames;
  out["luma"] = own_samples(std::move(found.luma), {found.frames, found.height, found.width},
                            found.sample_bytes);
  out["chroma"] =
      own_samples(std::move(found.chroma),
                  {found.frames, 2, found.chroma_height, found.chroma_width}, found.sample_bytes);
  out["offsets"] = own(std::move(found.offsets));
  out["serial"] = own(std::move(found.serial));
  out["x"] = own(std::move(found.x));
  out["y"] = own(std::move(found.y));
  out["w"] = own(std::move(found.w));
  out["h"] = own(std::move(found.h));
  out["flags"] = own(std::move(found.flags));
  out["motion_x"] = own(std::move(found.motion_x));
  out["motion_y"] = own(std::move(found.motion_y));
  out["motion_scale"] = own(std::move(found.motion_scale));
  out["reference"] = own(std::move(found.reference));
  out["distance"] = own(std::move(found.distance));
  return out;
}

py::object packets_dict(std::optional<PacketList>&& list) {
  if (!list) return py::none();
  py::dict out;
  out["pts"] = own(std::move(list->pts));
  out["pos"] = own(std::move(list->pos));
  out["size"] = own(std::move(list->size));
  out["key"] = own(std::move(list->key));
  out["shown"] = own(std::move(list->shown));
  return out;
}

py::object list_packets(const py::object& object, ReadOptions options, bool read) {
  PySource source(object);
  std::optional<PacketList> found;
  options.interrupt = make_interrupt();
  {
    // Pure C++ and libav; the source's callbacks take the GIL themselves.
    const GilRelease released;
    found = inspect_packets(source.take(), options,
                            read ? PacketSource::kPackets : PacketSource::kHeaders);
  }
  return packets_dict(std::move(found));
}

}  // namespace

void register_inspect(py::module_& testing) {
  testing.def(
      "inspect",
      [](const py::object& object, ReadOptions options, bool vectors, bool loop_filters,
         bool luma) {
        PySource source(object);
        Inspection found;
        options.interrupt = make_interrupt();
        {
          // Pure C++ and libav; the source's callbacks take the GIL themselves.
          const GilRelease released;
          found = inspect(source.take(), options,
                          {.vectors = vectors, .loop_filters = loop_filters, .luma = luma});
        }
        return inspection_dict(std::move(found));
      },
      py::arg("source"), py::arg("options"), py::kw_only(), py::arg("vectors"),
      py::arg("loop_filters"), py::arg("luma"));
  testing.def("list_packets", &list_packets, py::arg("source"), py::arg("options"), py::kw_only(),
              py::arg("read"));
}

}  // namespace mgm::bindings
