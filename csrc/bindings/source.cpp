#include "bindings/source.hpp"

#include <chrono>
#include <cstring>

namespace mgm::bindings {
namespace {

std::int64_t read_object(const py::object& object, std::span<std::uint8_t> buffer) {
  const GilAcquire gil;
  const py::object data = object.attr("read")(buffer.size());
  char* bytes = nullptr;
  py::ssize_t size = 0;
  if (!PyBytes_Check(data.ptr()) || PyBytes_AsStringAndSize(data.ptr(), &bytes, &size) != 0) {
    throw py::type_error("source must be a binary file object: read() must return bytes");
  }
  const auto count = std::min(static_cast<std::size_t>(size), buffer.size());
  std::memcpy(buffer.data(), bytes, count);
  return static_cast<std::int64_t>(count);
}

std::int64_t seek_object(const py::object& object, std::int64_t offset, int whence) {
  const GilAcquire gil;
  return object.attr("seek")(offset, whence).cast<std::int64_t>();
}

}  // namespace

PySource::PySource(const py::object& object) : object_(object) {
  if (py::isinstance<py::str>(object)) {
    source_.name = object.cast<std::string>();
    return;
  }
  source_.name = "<bytes>";
  if (PyObject_CheckBuffer(object.ptr()) != 0) {
    buffer_ = py::buffer(object).request();
    const auto size = static_cast<std::size_t>(buffer_.size * buffer_.itemsize);
    source_.bytes = std::span(static_cast<const std::uint8_t*>(buffer_.ptr), size);
    return;
  }
  // Plain pointers: the callbacks may be destroyed without the GIL.
  const py::object* target = &object_;
  source_.read = [target](std::span<std::uint8_t> buffer) { return read_object(*target, buffer); };
  source_.seek = [target](std::int64_t offset, int whence) {
    return seek_object(*target, offset, whence);
  };
}

std::function<void()> make_interrupt() {
  using Clock = std::chrono::steady_clock;
  return [last = Clock::now()]() mutable {
    const auto now = Clock::now();
    if (now - last < std::chrono::milliseconds(20)) return;
    last = now;
    const GilAcquire gil;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  };
}

}  // namespace mgm::bindings
