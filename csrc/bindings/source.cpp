#include "bindings/source.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstring>
#include <string_view>
#include <system_error>

namespace mgm::bindings {
namespace {

constexpr const char* kNotAFile = "source is no seekable binary file object: ";

std::string class_of(const py::object& object) { return Py_TYPE(object.ptr())->tp_name; }

// Where seek() says that it went.
std::int64_t seek(const py::object& file, std::int64_t offset, int whence) {
  const py::object answer = file.attr("seek")(offset, whence);
  if (PyIndex_Check(answer.ptr()) == 0) {
    throw py::type_error(std::string(kNotAFile) + "seek() must return an int, got " +
                         class_of(answer));
  }
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(answer.ptr()));
  if (!number) throw py::error_already_set();
  int overflow = 0;
  const std::int64_t position = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow != 0 || position < 0) {
    throw py::value_error(std::string(kNotAFile) + "seek() must return a position, got " +
                          py::repr(number).cast<std::string>());
  }
  return position;
}

std::int64_t read_object(const py::object& file, std::int64_t offset,
                         std::span<std::uint8_t> buffer) {
  const GilAcquire gil;
  const std::int64_t position = seek(file, offset, SEEK_SET);
  if (position != offset) {
    throw py::value_error(std::string(kNotAFile) + "seek(" + std::to_string(offset) + ") went to " +
                          std::to_string(position));
  }
  const py::object data = file.attr("read")(buffer.size());
  if (!PyBytes_Check(data.ptr())) {
    throw py::type_error(std::string(kNotAFile) + "read() must return bytes, got " +
                         class_of(data));
  }
  const auto size = static_cast<std::size_t>(PyBytes_GET_SIZE(data.ptr()));
  if (size > buffer.size()) {
    throw py::value_error(std::string(kNotAFile) + "read(" + std::to_string(buffer.size()) +
                          ") returned " + std::to_string(size) + " bytes");
  }
  std::memcpy(buffer.data(), PyBytes_AS_STRING(data.ptr()), size);
  return static_cast<std::int64_t>(size);
}

std::string path_of(const py::object& object) {
  const auto name = py::reinterpret_steal<py::bytes>(PyUnicode_EncodeFSDefault(object.ptr()));
  if (!name) throw py::error_already_set();
  const std::string path = name;
  if (path.find('\0') != std::string::npos) {
    throw py::value_error("embedded null character in the path " +
                          py::repr(object).cast<std::string>());
  }
  return path;
}

// Of two letters or more: one is a drive.
bool has_scheme(std::string_view path) {
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto is_inner = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
  };
  const std::string_view scheme = path.substr(0, path.find(':'));
  return scheme.size() > 1 && scheme.size() < path.size() && is_letter(scheme[0]) &&
         std::ranges::all_of(scheme, is_inner);
}

// Python looks at signals in its main thread alone, the process's first: others need not ask for
// the GIL, for which all threads that read would queue.
bool handles_signals() { return syscall(SYS_gettid) == getpid(); }

}  // namespace

void PySource::ReleaseBuffer::operator()(Py_buffer* view) const {
  PyBuffer_Release(view);
  delete view;
}

void PySource::view_bytes() {
  auto view = std::make_unique<Py_buffer>();
  if (PyObject_GetBuffer(object_.ptr(), view.get(), PyBUF_SIMPLE) != 0) {
    if (PyErr_ExceptionMatches(PyExc_BufferError) == 0) throw py::error_already_set();
    PyErr_Clear();
    throw py::value_error("source must be contiguous bytes, not every second or backwards");
  }
  buffer_.reset(view.release());
  source_.bytes = std::span(static_cast<const std::uint8_t*>(buffer_->buf),
                            static_cast<std::size_t>(buffer_->len));
}

PySource::PySource(const py::object& object) : object_(object) {
  if (py::isinstance<py::str>(object)) {
    source_.name = path_of(object);
    return;
  }
  source_.name = "<bytes>";
  if (PyObject_CheckBuffer(object.ptr()) != 0) {
    view_bytes();
    return;
  }
  // Plain pointers: the callbacks may be destroyed without the GIL.
  const py::object* file = &object_;
  source_.read = [file](std::int64_t offset, std::span<std::uint8_t> buffer) {
    return read_object(*file, offset, buffer);
  };
  source_.size = [file] {
    const GilAcquire gil;
    return seek(*file, 0, SEEK_END);
  };
}

int PySource::traverse(visitproc visit, void* arg) const {
  Py_VISIT(object_.ptr());
  if (buffer_) Py_VISIT(buffer_->obj);
  return 0;
}

void PySource::clear() {
  buffer_.reset();
  object_ = py::object();
}

py::str text_of(const std::string& text) {
  const auto size = static_cast<py::ssize_t>(text.size());
  auto decoded =
      py::reinterpret_steal<py::str>(PyUnicode_DecodeFSDefaultAndSize(text.data(), size));
  if (!decoded) throw py::error_already_set();
  return decoded;
}

std::string describe_open(int code, const std::string& path) {
  std::string text = std::generic_category().message(code);
  if (has_scheme(path)) {
    text += "; addresses (" + path.substr(0, path.find(':') + 1) +
            ") are not opened: give a path, bytes or a seekable binary file object";
  }
  return text;
}

std::function<void()> make_interrupt() {
  using Clock = std::chrono::steady_clock;
  return [last = Clock::now()]() mutable {
    const auto now = Clock::now();
    if (now - last < std::chrono::milliseconds(20)) return;
    last = now;
    if (!handles_signals()) return;
    const GilAcquire gil;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  };
}

}  // namespace mgm::bindings
