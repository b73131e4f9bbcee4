// Room decode: every frame of a video in turn.
#include "decode/frame_walk.hpp"

#include <memory>
#include <stdexcept>

#include "bindings/call_lock.hpp"
#include "bindings/collected.hpp"
#include "bindings/source.hpp"

namespace mgm::bindings {
namespace {

// A walk for Python, whose threads take turns. Keeps the source's object alive.
class Walk {
 public:
  Walk(const py::object& object, ReadOptions options, bool libavcodec) : source_(object) {
    options.interrupt = make_interrupt();
    const GilRelease released;
    walk_ = std::make_unique<FrameWalk>(source_.take(), options,
                                        libavcodec ? Blocks::kLibavcodec : Blocks::kCoded);
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  ~Walk() {
    if (lock_.forked()) static_cast<void>(walk_.release());
  }

  [[nodiscard]] const PySource& source() const { return source_; }
  void let_go() {
    if (lock_.forked()) static_cast<void>(walk_.release());
    walk_.reset();
    source_.clear();
  }

  bool next() {
    return lock_.run([&] { return core().next(); });
  }

  void leave_pixels() {
    lock_.run([&] { core().leave_pixels(); });
  }

  // Arrays that the caller may write into.
  py::array rows() {
    auto rows =
        std::make_unique<std::vector<std::int32_t>>(lock_.run([&] { return core().rows(); }));
    const std::vector<py::ssize_t> shape{static_cast<py::ssize_t>(rows->size() / 10), 10};
    const std::int32_t* data = rows->data();
    const py::capsule owner(rows.release(),
                            [](void* p) { delete static_cast<std::vector<std::int32_t>*>(p); });
    return py::array_t<std::int32_t>(shape, data, owner);
  }

  py::array picture() {
    FrameWalk::Picture picture = lock_.run([&] { return core().picture(); });
    const std::vector<py::ssize_t> shape{picture.height, picture.width, 3};
    if (!picture.bgr) return py::array_t<std::uint8_t>(shape);
    std::uint8_t* data = picture.bgr.release();
    const py::capsule owner(data, [](void* p) { delete[] static_cast<std::uint8_t*>(p); });
    return py::array_t<std::uint8_t>(shape, data, owner);
  }

  char picture_type() {
    return lock_.run([&] { return core().picture_type(); });
  }

 private:
  FrameWalk& core() {
    if (!walk_) throw std::runtime_error("the video is gone: it was collected as garbage");
    return *walk_;
  }

  PySource source_;
  CallLock lock_;
  std::unique_ptr<FrameWalk> walk_;
};

}  // namespace

void register_frame_walk(py::module_& module) {
  py::class_<Walk>(module, "FrameWalk", collected<Walk>())
      .def(py::init<const py::object&, const ReadOptions&, bool>(), py::arg("source"),
           py::arg("options"), py::arg("libavcodec"))
      .def("next", &Walk::next)
      .def("leave_pixels", &Walk::leave_pixels)
      .def("rows", &Walk::rows)
      .def("picture", &Walk::picture)
      .def("picture_type", &Walk::picture_type);
}

}  // namespace mgm::bindings
