#include "decode/libav.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

#include "error.hpp"

namespace mgm::libav {
namespace {

constexpr std::array kSystemErrors{ENOENT, EACCES, EISDIR, ENOTDIR,     EIO,
                                   ELOOP,  EMFILE, ENFILE, ENAMETOOLONG};

template <class T>
T require(T handle) {
  if (!handle) throw std::bad_alloc();
  return handle;
}

}  // namespace

Frame make_frame() { return require(Frame(av_frame_alloc())); }

Packet make_packet() { return require(Packet(av_packet_alloc())); }

std::string describe(int status) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(status, text.data(), text.size());
  return text.data();
}

int check(int status, std::string_view attempted, const std::string& path) {
  if (status >= 0) return status;
  const int code = AVUNERROR(status);
  if (std::ranges::find(kSystemErrors, code) != kSystemErrors.end()) throw SystemError(code, path);
  throw DecodeError(path, std::nullopt, std::string(attempted) + ": " + describe(status));
}

}  // namespace mgm::libav
