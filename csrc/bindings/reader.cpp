// Room decode: fields of files and clips of open videos.
#include <pybind11/stl.h>

#include <memory>
#include <stdexcept>

#include "bindings/call_lock.hpp"
#include "bindings/collected.hpp"
#include "bindings/source.hpp"
#include "bindings/video.hpp"
#include "decode/video_reader.hpp"

namespace mgm::bindings {
namespace {

py::object pixels_of(Clip& clip) {
  if (!clip.frames) return py::none();
  const std::vector<py::ssize_t> shape{static_cast<py::ssize_t>(clip.frame_indices.size()),
                                       clip.height, clip.width, 3};
  std::uint8_t* data = clip.frames.release();
  const py::capsule owner(data, [](void* p) { delete[] static_cast<std::uint8_t*>(p); });
  return py::array_t<std::uint8_t>(shape, data, owner);
}

// An open video for Python, whose threads take turns. Keeps the source's object alive.
class Reader {
 public:
  Reader(const py::object& object, ReadOptions options, const OutputSize& size, int num_threads)
      : source_(object) {
    options.interrupt = make_interrupt();
    options.num_threads = num_threads;
    const GilRelease released;
    reader_ = std::make_unique<VideoReader>(source_.take(), options, size);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    if (lock_.forked()) static_cast<void>(reader_.release());
  }

  [[nodiscard]] const PySource& source() const { return source_; }
  void let_go() {
    if (lock_.forked()) static_cast<void>(reader_.release());
    reader_.reset();
    source_.clear();
  }

  py::dict read_clip(const py::array_t<std::int64_t, py::array::c_style>& indices, bool pixels,
                     Window window, std::optional<int> cell) {
    const auto wanted = view_of(indices);
    Clip clip = lock_.run([&] {
      return core().read_clip(wanted, {.pixels = pixels, .window = window, .cell = cell});
    });
    py::dict out;
    out["frames"] = pixels_of(clip);
    out["field"] = to_dict(std::move(clip.field));
    out["frame_indices"] = own(std::move(clip.frame_indices));
    out["seconds"] = own(std::move(clip.seconds));
    out["picture_types"] = clip.picture_types;
    out["stand_in"] = own(std::move(clip.stand_in)).attr("view")("bool");
    out["damaged"] = clip.damaged;
    return out;
  }

  void require_vectors() {
    lock_.run([&] { core().require_vectors(); });
  }

  std::int64_t num_frames() {
    return lock_.run([&] { return core().num_frames(); });
  }

  py::array frame_seconds() {
    return own(lock_.run([&] { return core().frame_seconds(); }));
  }

  py::dict info() {
    return to_dict(lock_.run([&] { return core().info(); }));
  }

 private:
  VideoReader& core() {
    if (!reader_) throw std::runtime_error("the video is gone: it was collected as garbage");
    return *reader_;
  }

  PySource source_;
  CallLock lock_;
  std::unique_ptr<VideoReader> reader_;
};

py::tuple field_of_file(const py::object& object, ReadOptions options, std::optional<int> cell) {
  PySource source(object);
  FieldOfFile result;
  options.interrupt = make_interrupt();
  {
    const GilRelease released;
    result = read_motion_field(source.take(), options, cell);
  }
  return py::make_tuple(to_dict(std::move(result.field)), to_dict(result.info));
}

}  // namespace

py::dict to_dict(MotionField&& field) {
  const py::ssize_t m = field.rows, r = field.cells_high, c = field.cells_wide;
  py::dict out;
  out["vectors"] = own(std::move(field.vectors), {m, r, c, 2});
  out["coded"] = own(std::move(field.coded), {m, r, c}).attr("view")("bool");
  out["cuts"] = own(std::move(field.cuts)).attr("view")("bool");
  out["row_frames"] = own(std::move(field.row_frames));
  out["sample_offsets"] = own(std::move(field.sample_offsets));
  out["cell"] = field.cell;
  out["width"] = field.width;
  out["height"] = field.height;
  return out;
}

void register_reader(py::module_& module) {
  py::enum_<Window>(module, "Window")
      .value("centred", Window::kCentred)
      .value("interval", Window::kInterval)
      .value("frame", Window::kFrame);
  module.def("read_motion_field", field_of_file, py::arg("source"), py::arg("options"),
             py::arg("cell"));
  py::class_<Reader>(module, "VideoReader", collected<Reader>())
      .def(py::init([](const py::object& source, const ReadOptions& options,
                       std::optional<int> short_side, std::optional<int> height,
                       std::optional<int> width, int num_threads) {
             return std::make_unique<Reader>(
                 source, options,
                 OutputSize{.short_side = short_side, .height = height, .width = width},
                 num_threads);
           }),
           py::arg("source"), py::arg("options"), py::arg("short_side"), py::arg("height"),
           py::arg("width"), py::arg("num_threads"))
      .def("require_vectors", &Reader::require_vectors)
      .def("read_clip", &Reader::read_clip, py::arg("indices"), py::arg("pixels"),
           py::arg("window"), py::arg("cell"))
      .def("num_frames", &Reader::num_frames)
      .def("frame_seconds", &Reader::frame_seconds)
      .def("info", &Reader::info);
}

}  // namespace mgm::bindings
