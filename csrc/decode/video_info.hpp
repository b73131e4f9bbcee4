// What is known of a video: from its header, and what decoding adds.
#pragma once

#include <cstdint>

#include "decode/demuxer.hpp"
#include "decode/frame_index.hpp"
#include "decode/libav.hpp"
#include "mgm.hpp"

namespace mgm {

// From the header alone, before anything is decoded.
[[nodiscard]] VideoInfo describe_stream(const Demuxer& demuxer, bool rotate);

// Profile and pixel format by their names, as far as they have any.
void describe_format(VideoInfo& info, AVCodecID codec, int profile, AVPixelFormat format);

// The rate that the times of frames show, where these contradict the header's: containers that
// store one rate for a whole track, or none, leave libavformat to guess from the first frames.
void describe_rate(VideoInfo& info, const FrameIndex& index);

// Seconds of a time stamp; NaN for AV_NOPTS_VALUE.
[[nodiscard]] double seconds_of(std::int64_t pts, AVRational time_base);

}  // namespace mgm
