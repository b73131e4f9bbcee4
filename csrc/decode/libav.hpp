// Owning handles for libav objects, and the check of its status codes.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
}

#include <memory>
#include <string>
#include <string_view>

namespace mgm::libav {

template <auto Free>
struct FreeByAddress {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Free(&pointer);
  }
};

struct FreeIo {
  void operator()(AVIOContext* context) const noexcept {
    av_freep(static_cast<void*>(&context->buffer));
    avio_context_free(&context);
  }
};

struct CloseParser {
  void operator()(AVCodecParserContext* context) const noexcept { av_parser_close(context); }
};

using FormatContext = std::unique_ptr<AVFormatContext, FreeByAddress<avformat_close_input>>;
using CodecContext = std::unique_ptr<AVCodecContext, FreeByAddress<avcodec_free_context>>;
using Parser = std::unique_ptr<AVCodecParserContext, CloseParser>;
using Frame = std::unique_ptr<AVFrame, FreeByAddress<av_frame_free>>;
using Packet = std::unique_ptr<AVPacket, FreeByAddress<av_packet_free>>;
using Dictionary = std::unique_ptr<AVDictionary, FreeByAddress<av_dict_free>>;
using IoContext = std::unique_ptr<AVIOContext, FreeIo>;

[[nodiscard]] Frame make_frame();
[[nodiscard]] Packet make_packet();

// libav's words for a status code.
[[nodiscard]] std::string describe(int status);

// Returns the status when it is not an error. Otherwise throws SystemError for the operating
// system's own errors (a closed list: libav answers corrupt files with ENOMEM and EPERM too) and
// DecodeError for all else.
int check(int status, std::string_view attempted, const std::string& path);

}  // namespace mgm::libav
