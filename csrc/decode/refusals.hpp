#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "decode/libav.hpp"

namespace mgm {

// Why a file is not read, with the command that makes another of it; nullopt: nothing speaks
// against it.

// By how the file begins. bytes: its first ones, kSignatureBytes where it has so many.
constexpr std::size_t kSignatureBytes = std::size_t{1} << 16;
[[nodiscard]] std::optional<std::string> refused_container(std::span<const std::uint8_t> bytes);
// By the chosen stream's header: encrypted.
[[nodiscard]] std::optional<std::string> refused_stream(const AVFormatContext& context,
                                                        const AVStream& stream);
// Of a codec that no decoder is built in for.
[[nodiscard]] std::string undecoded_reason(const AVCodecParameters& codec);
// No picture is predicted from another by motion.
[[nodiscard]] bool has_no_motion(AVCodecID codec);

// libavformat knows these formats by codes that other containers hold, too.
[[nodiscard]] bool is_guessed(const AVInputFormat& format);

}  // namespace mgm
