#include "math/philox.hpp"

#include <cstdint>

#include "bindings/mask_arguments.hpp"

namespace mgm::bindings {

namespace {

py::tuple block_of(std::uint32_t c0, std::uint32_t c1, std::uint32_t c2, std::uint32_t c3,
                   std::uint32_t key0, std::uint32_t key1) {
  const PhiloxBlock block = philox4x32({{c0, c1, c2, c3}}, key0, key1);
  return py::make_tuple(block.words[0], block.words[1], block.words[2], block.words[3]);
}

std::uint64_t mixed_seed(py::handle base, py::handle epoch, py::handle index, py::handle repeat) {
  return seed_for(to_seed(base, "base"), to_seed(epoch, "epoch"), to_seed(index, "index"),
                  to_seed(repeat, "repeat"));
}

}  // namespace

void register_philox(py::module_& module) {
  module.def("checked_seed", [](py::handle seed) { return to_seed(seed); });
  module.def("seed_for", &mixed_seed);
}

void register_numbers(py::module_& testing) {
  testing.def("philox4x32", &block_of);
  testing.def("exp2_negative", &exp2_negative);
  testing.def("log2_fixed", &log2_fixed);
  testing.def("gumbel", &gumbel);
}

}  // namespace mgm::bindings
