// mgm_ext._core._testing: what only tests and benchmarks call.
#include <pybind11/stl.h>

#include "bindings/register.hpp"
#include "decode/packet_decoder.hpp"

namespace mgm::bindings {

void register_testing(py::module_& module) {
  py::module_ testing = module.def_submodule("_testing", "What only tests and benchmarks call.");
  register_binner(testing);
  register_frame_policy(testing);
  register_inspect(testing);
  register_numbers(testing);
  testing.def("vector_codecs", &vector_codecs);
}

}  // namespace mgm::bindings
