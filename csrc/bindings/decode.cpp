#include <pybind11/stl.h>

#include "bindings/source.hpp"
#include "bindings/video.hpp"
#include "error.hpp"

namespace mgm::bindings {
namespace {

py::object error_class(const char* name) {
  return py::module_::import("mgm_ext.errors").attr(name);
}

void raise_decode_error(const char* name, const DecodeError& error) {
  const py::object type = error_class(name);
  py::set_error(type, type(text_of(error.path()), error.frame(), error.what()));
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): pybind11's signature
void translate(std::exception_ptr pointer) {
  try {
    if (pointer) std::rethrow_exception(pointer);
  } catch (const TimeLimitExceeded& error) {
    raise_decode_error("TimeLimitExceeded", error);
  } catch (const DecodeError& error) {
    raise_decode_error("DecodeError", error);
  } catch (const NoMotionVectors& error) {
    const py::object type = error_class("NoMotionVectors");
    py::set_error(type, type(text_of(error.path()), error.codec(), error.what()));
  } catch (const SystemError& error) {
    const auto type = py::reinterpret_borrow<py::object>(PyExc_OSError);
    const py::object value =
        type(error.code(), describe_open(error.code(), error.path()), text_of(error.path()));
    py::set_error(py::type::of(value), value);  // the class of this errno
  } catch (const std::out_of_range& error) {
    py::set_error(PyExc_IndexError, text_of(error.what()));
  } catch (const std::invalid_argument& error) {
    py::set_error(PyExc_ValueError, text_of(error.what()));
  }
}

}  // namespace

py::dict to_dict(const VideoInfo& info) {
  py::dict out;
  out["codec"] = info.codec;
  out["profile"] = info.profile;
  out["container"] = info.container;
  out["width"] = info.width;
  out["height"] = info.height;
  out["num_frames"] = info.num_frames;
  out["average_fps"] = info.average_fps;
  out["duration_seconds"] = info.duration_seconds;
  out["time_base"] = py::make_tuple(info.time_base[0], info.time_base[1]);
  out["rotation"] = info.rotation;
  out["pixel_format"] = info.pixel_format;
  out["sample_aspect_ratio"] =
      py::make_tuple(info.sample_aspect_ratio[0], info.sample_aspect_ratio[1]);
  out["has_vectors"] = info.has_vectors;
  out["damaged"] = info.damaged;
  py::tuple changes(info.size_changes.size());
  for (std::size_t i = 0; i < info.size_changes.size(); ++i) {
    const auto& [frame, width, height] = info.size_changes[i];
    changes[i] = py::make_tuple(frame, width, height);
  }
  out["size_changes"] = changes;
  out["key_frames"] = own(std::vector(info.key_frames));
  out["reordered"] = info.reordered;
  return out;
}

namespace {

// Columns, picture types, info.
py::tuple to_tuple(MotionVectors&& rows) {
  py::dict out;
  out["offsets"] = own(std::move(rows.offsets));
  out["source"] = own(std::move(rows.source));
  out["w"] = own(std::move(rows.w));
  out["h"] = own(std::move(rows.h));
  out["src_x"] = own(std::move(rows.src_x));
  out["src_y"] = own(std::move(rows.src_y));
  out["dst_x"] = own(std::move(rows.dst_x));
  out["dst_y"] = own(std::move(rows.dst_y));
  out["flags"] = own(std::move(rows.flags));
  out["motion_x"] = own(std::move(rows.motion_x));
  out["motion_y"] = own(std::move(rows.motion_y));
  out["motion_scale"] = own(std::move(rows.motion_scale));
  out["reference_distance"] = own(std::move(rows.reference_distance));
  out["pts"] = own(std::move(rows.pts));
  out["seconds"] = own(std::move(rows.seconds));
  out["key_frames"] = own(std::move(rows.key_frames)).attr("view")("bool");
  return py::make_tuple(out, rows.picture_types, to_dict(rows.info));
}

void bind_options(py::module_& module) {
  py::class_<ReadOptions>(module, "ReadOptions")
      .def(py::init([](std::optional<int> stream, bool rotate, bool strict, std::int64_t max_pixels,
                       std::int64_t max_bytes, std::optional<double> max_seconds, bool vectors_only,
                       int num_threads) {
             return ReadOptions{.stream = stream,
                                .rotate = rotate,
                                .strict = strict,
                                .max_pixels = max_pixels,
                                .max_bytes = max_bytes,
                                .max_seconds = max_seconds,
                                .num_threads = num_threads,
                                .vectors_only = vectors_only,
                                .interrupt = {}};
           }),
           py::kw_only(), py::arg("stream"), py::arg("rotate"), py::arg("strict"),
           py::arg("max_pixels"), py::arg("max_bytes"), py::arg("max_seconds"),
           py::arg("vectors_only"), py::arg("num_threads") = 1);
}

}  // namespace

void register_decode(py::module_& module) {
  py::register_local_exception_translator(translate);
  bind_options(module);
  module.def(
      "probe",
      [](const py::object& object, ReadOptions options) {
        PySource source(object);
        VideoInfo info;
        options.interrupt = make_interrupt();
        {
          // Pure C++ and libav; the source's callbacks take the GIL themselves.
          const GilRelease released;
          info = probe(source.take(), options);
        }
        return to_dict(info);
      },
      py::arg("source"), py::arg("options"));
  module.def(
      "read_motion_vectors",
      [](const py::object& object, ReadOptions options, bool libavcodec, std::int64_t start,
         std::optional<std::int64_t> stop) {
        PySource source(object);
        MotionVectors rows;
        options.interrupt = make_interrupt();
        {
          const GilRelease released;
          rows =
              read_motion_vectors(source.take(), options,
                                  libavcodec ? Blocks::kLibavcodec : Blocks::kCoded, start, stop);
        }
        return to_tuple(std::move(rows));
      },
      py::arg("source"), py::arg("options"), py::arg("libavcodec"), py::arg("start"),
      py::arg("stop"));
}

}  // namespace mgm::bindings
