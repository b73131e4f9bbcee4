#pragma once

#include <memory>
#include <string>

#include "bindings/register.hpp"
#include "mgm.hpp"

namespace mgm::bindings {

// A Python source (str path, bytes-like, or binary file object) as the core sees it. Keeps the
// object alive; use it within the call. Callbacks take the GIL themselves, so the core may run
// without it.
class PySource {
 public:
  explicit PySource(const py::object& object);
  [[nodiscard]] Source take() { return std::move(source_); }
  // For the garbage collector; the core must be gone before clear().
  int traverse(visitproc visit, void* arg) const;
  void clear();

 private:
  struct ReleaseBuffer {
    void operator()(Py_buffer* view) const;
  };
  void view_bytes();

  py::object object_;
  std::unique_ptr<Py_buffer, ReleaseBuffer> buffer_;
  Source source_;
};

// A file name or a text that holds one, which need not be UTF-8, as Python has it.
[[nodiscard]] py::str text_of(const std::string& text);

// What to say of errno where `path` was opened: the system's words, and of what looks like an
// address that none are opened.
[[nodiscard]] std::string describe_open(int code, const std::string& path);

// Raises KeyboardInterrupt inside a long read, looking at most every 20 ms.
[[nodiscard]] std::function<void()> make_interrupt();

}  // namespace mgm::bindings
