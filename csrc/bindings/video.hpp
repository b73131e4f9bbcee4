#pragma once

#include "bindings/register.hpp"
#include "mgm.hpp"

namespace mgm::bindings {

[[nodiscard]] py::dict to_dict(const VideoInfo& info);
[[nodiscard]] py::dict to_dict(MotionField&& field);

}  // namespace mgm::bindings
