#include "decode/frame_policy.hpp"

#include <pybind11/stl.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bindings/register.hpp"

namespace mgm::bindings {
namespace {

const char* name_of(PacketDecoder::Mode mode) {
  switch (mode) {
    case PacketDecoder::Mode::kPixels:
      return "pixels";
    case PacketDecoder::Mode::kVectors:
      return "vectors";
    case PacketDecoder::Mode::kVectorsWhereUnreferenced:
      return "vectors_where_unreferenced";
    case PacketDecoder::Mode::kReferences:
      return "references";
  }
  throw std::logic_error("no such mode");
}

// wants: frames, and whether with pixels.
py::tuple treatment_of(const PicturePlace& place,
                       const std::vector<std::pair<std::int64_t, bool>>& wants,
                       const PictureTraits& traits) {
  std::vector<Wanted> wanted;
  wanted.reserve(wants.size());
  for (const auto& [index, pixels] : wants) {
    wanted.push_back({index, pixels ? Want::kPixels : Want::kVectors});
  }
  const Treatment treatment = frame_policy(place, wanted, traits);
  return py::make_tuple(name_of(treatment.mode), treatment.skip);
}

}  // namespace

void register_frame_policy(py::module_& testing) {
  testing.def(
      "frame_policy",
      [](std::optional<std::int64_t> frame, std::int64_t pixels_due,
         const std::vector<std::pair<std::int64_t, bool>>& wants, bool pixels_only,
         bool hides_pictures, bool interlaced, bool goes_on, bool has_stand_in, bool leaves_unread,
         bool keeps, bool lends_motion) {
        return treatment_of({frame, pixels_due, lends_motion}, wants,
                            {.pixels_only = pixels_only,
                             .hides_pictures = hides_pictures,
                             .interlaced = interlaced,
                             .goes_on = goes_on,
                             .has_stand_in = has_stand_in,
                             .leaves_unread = leaves_unread,
                             .keeps = keeps});
      },
      py::arg("frame"), py::arg("pixels_due"), py::arg("wants"), py::kw_only(),
      py::arg("pixels_only") = false, py::arg("hides_pictures") = false,
      py::arg("interlaced") = false, py::arg("goes_on") = false, py::arg("has_stand_in") = false,
      py::arg("leaves_unread") = true, py::arg("keeps") = false, py::arg("lends_motion") = false);
}

}  // namespace mgm::bindings
