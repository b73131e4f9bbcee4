#include "decode/build_info.hpp"

#include "bindings/register.hpp"

namespace mgm::bindings {

void register_build_info(py::module_& module) {
  module.attr("__version__") = build_info().version;
  module.def("build_info", [] {
    const BuildInfo info = build_info();
    py::dict out;
    out["ffmpeg"] = info.ffmpeg;
    out["dav1d"] = info.dav1d;
    out["configuration"] = info.configuration;
    out["license"] = info.license;
    out["sources"] = info.sources;
    out["entropy"] = info.entropy;
    return out;
  });
}

}  // namespace mgm::bindings
