// From the dicts of mgm_ext.batched to a batch of pointers: the same for _core and _cuda. Addresses
// come as integers; batched checks what they point to.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>

#include "bindings/mask_options.hpp"

namespace mgm::bindings {

namespace py = pybind11;

// An address as an integer; 0 is null.
template <class T>
[[nodiscard]] T* pointer(const py::dict& given, const char* name) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): torch's data_ptr
  return reinterpret_cast<T*>(py::cast<std::uintptr_t>(given[name]));
}

[[nodiscard]] inline std::int64_t integer(const py::dict& given, const char* name) {
  return py::cast<std::int64_t>(given[name]);
}

[[nodiscard]] inline double number(const py::dict& given, const char* name) {
  return py::cast<double>(given[name]);
}

[[nodiscard]] inline Grid token_grid(const py::dict& given) {
  return {integer(given, "slots"), integer(given, "token_rows"), integer(given, "token_columns")};
}

[[nodiscard]] inline FieldBatch field_batch(const py::dict& given) {
  FieldBatch field;
  field.clips = integer(given, "clips");
  field.rows = integer(given, "rows");
  field.high = integer(given, "high");
  field.wide = integer(given, "wide");
  field.samples = integer(given, "samples");
  field.vectors = pointer<const std::int16_t>(given, "field");
  field.sizes = pointer<const std::int64_t>(given, "sizes");
  field.cells = pointer<const std::int64_t>(given, "cells");
  field.offsets = pointer<const std::int64_t>(given, "offsets");
  field.views = pointer<const View>(given, "views");
  field.cuts = pointer<const std::uint8_t>(given, "cuts");
  field.coded = pointer<const std::uint8_t>(given, "coded");
  field.row_frames = pointer<const std::int64_t>(given, "row_frames");
  return field;
}

[[nodiscard]] inline ScoreRequest score_request(const py::dict& given) {
  ScoreRequest request;
  request.grid = token_grid(given);
  request.camera = to_word<Camera>("camera", given["camera"]);
  request.weight = pointer<const std::int32_t>(given, "weight");
  request.by_coded = py::cast<bool>(given["by_coded"]);
  request.ignore = pointer<const double>(given, "ignore");
  request.ignored = integer(given, "ignored");
  return request;
}

[[nodiscard]] inline ScoreOut score_out(const py::dict& given) {
  return {pointer<std::int64_t>(given, "values"), pointer<std::int64_t>(given, "motion"),
          pointer<std::uint8_t>(given, "valid"), pointer<std::uint8_t>(given, "cuts")};
}

[[nodiscard]] inline ScoreBatch score_batch_of(const py::dict& given) {
  ScoreBatch score;
  score.clips = integer(given, "clips");
  score.grid = token_grid(given);
  score.values = pointer<const std::int64_t>(given, "values");
  score.motion = pointer<const std::int64_t>(given, "motion");
  score.valid = pointer<const std::uint8_t>(given, "valid");
  score.cuts = pointer<const std::uint8_t>(given, "cuts");
  return score;
}

[[nodiscard]] inline FrameBatch frame_batch(const py::dict& given) {
  FrameBatch frames;
  frames.clips = integer(given, "clips");
  frames.frames = integer(given, "frames");
  frames.height = integer(given, "height");
  frames.width = integer(given, "width");
  frames.pixels = pointer<const std::uint8_t>(given, "pixels");
  frames.sizes = pointer<const std::int64_t>(given, "sizes");
  frames.views = pointer<const View>(given, "views");
  return frames;
}

// What a mask is made from: the parts that its dict holds.
[[nodiscard]] inline MaskBatch mask_batch_of(const py::dict& given) {
  MaskBatch batch;
  batch.clips = integer(given, "clips");
  batch.grid = token_grid(given);
  batch.seeds = pointer<const std::uint64_t>(given, "seeds");
  batch.mask = pointer<std::uint8_t>(given, "mask");
  if (given.contains("field")) batch.field = field_batch(given["field"]);
  if (given.contains("request")) batch.request = score_request(given["request"]);
  if (given.contains("score")) batch.score = score_batch_of(given["score"]);
  if (!given.contains("boxes")) return batch;
  batch.boxes = pointer<const double>(given, "boxes");
  batch.boxes_per_slot = integer(given, "boxes_per_slot");
  batch.views = pointer<const View>(given, "views");
  return batch;
}

}  // namespace mgm::bindings
