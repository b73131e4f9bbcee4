// mgm_ext._core: the module. Each room's bindings are in bindings/<room>.cpp.
#include "bindings/register.hpp"

PYBIND11_MODULE(_core, module, py::mod_gil_not_used()) {
  module.doc() = "The C++ core of mgm_ext.";
  mgm::bindings::register_batch(module);
  mgm::bindings::register_block_costs(module);
  mgm::bindings::register_build_info(module);
  mgm::bindings::register_decode(module);
  mgm::bindings::register_frame_walk(module);
  mgm::bindings::register_motion_field(module);
  mgm::bindings::register_mask_input(module);
  mgm::bindings::register_masks(module);
  mgm::bindings::register_philox(module);
  mgm::bindings::register_score(module);
  mgm::bindings::register_reader(module);
  mgm::bindings::register_testing(module);
}
