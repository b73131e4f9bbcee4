#pragma once

#include <cstdint>
#include <optional>

#include "decode/file_heads.hpp"

namespace mgm {

// Whether the picture that a temporal unit of AV1 shows is a key frame, by the first bytes of its
// units; nullopt where these do not tell: several layers, a still picture, no shown picture.
[[nodiscard]] std::optional<bool> av1_key(FileHeads& file, std::int64_t place, std::int64_t size);

}  // namespace mgm
