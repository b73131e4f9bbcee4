// From the dicts of mgm_ext.batched to a batch of pointers: the same for _core and _cuda. Addresses
// come as integers; batched checks what they point to.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "math/batch.hpp"

namespace mgm::bindings {

namespace py = pybind11;

// An address as an integer; 0 is null.
template <class T>
[[nodiscard]] T* pointer(const py::dict& given, const char* name) {
  return reinterpret_cast<T*>(py::cast<std::uintptr_t>(given[name]));
}

[[nodiscard]] inline std::int64_t integer(const py::dict& given, const char* name) {
  return py::cast<std::int64_t>(given[name]);
}

[[nodiscard]] inline double number(const py::dict& given, const char* name) {
  return py::cast<double>(given[name]);
}

template <class Enum, std::size_t N>
[[nodiscard]] Enum choice(const py::dict& given, const char* name,
                          const std::array<std::pair<const char*, Enum>, N>& choices) {
  const auto word = py::cast<std::string>(given[name]);
  std::string allowed;
  for (const auto& [text, value] : choices) {
    if (word == text) return value;
    allowed.append(allowed.empty() ? "'" : ", '").append(text).append("'");
  }
  throw py::value_error(std::string(name) + " must be one of " + allowed + ", not '" + word + "'");
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
  static constexpr std::array<std::pair<const char*, Camera>, 3> kCameras{
      {{"none", Camera::kNone}, {"median", Camera::kMedian}, {"affine", Camera::kAffine}}};
  ScoreRequest request;
  request.grid = token_grid(given);
  request.camera = choice(given, "camera", kCameras);
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

[[nodiscard]] inline BoxRequest box_request(const py::dict& given) {
  static constexpr std::array<std::pair<const char*, BoxRule>, 5> kRules{
      {{"guided", BoxRule::kGuided},
       {"inverse", BoxRule::kInverse},
       {"simulated", BoxRule::kSimulated},
       {"fixed", BoxRule::kFixed},
       {"jumping", BoxRule::kJumping}}};
  static constexpr std::array<std::pair<const char*, Fit>, 3> kFits{
      {{"grow", Fit::kGrow}, {"shift", Fit::kShift}, {"clip", Fit::kClip}}};
  static constexpr std::array<std::pair<const char*, Peak>, 4> kPeaks{{{"smooth", Peak::kSmooth},
                                                                       {"block", Peak::kBlock},
                                                                       {"box", Peak::kBox},
                                                                       {"path", Peak::kPath}}};
  static constexpr std::array<std::pair<const char*, First>, 2> kFirsts{
      {{"motion", First::kMotion}, {"random", First::kRandom}}};
  BoxRequest box;
  box.rule = choice(given, "rule", kRules);
  box.num_masked = integer(given, "num_masked");
  box.aspect_low = number(given, "aspect_low");
  box.aspect_high = number(given, "aspect_high");
  box.fit = choice(given, "fit", kFits);
  box.peak = choice(given, "peak", kPeaks);
  box.first = choice(given, "first", kFirsts);
  box.still = number(given, "still");
  box.step = number(given, "step");
  return box;
}

[[nodiscard]] inline RankRequest rank_request(const py::dict& given) {
  static constexpr std::array<std::pair<const char*, RankRule>, 6> kRules{
      {{"equal", RankRule::kEqual},
       {"keys", RankRule::kKeys},
       {"motion", RankRule::kMotion},
       {"gumbel", RankRule::kGumbel},
       {"coverage", RankRule::kCoverage},
       {"halves", RankRule::kHalves}}};
  static constexpr std::array<std::pair<const char*, Scope>, 3> kScopes{
      {{"slot", Scope::kSlot}, {"clip", Scope::kClip}, {"tube", Scope::kTube}}};
  RankRequest request;
  request.clips = integer(given, "clips");
  request.grid = token_grid(given);
  request.rule = choice(given, "rule", kRules);
  request.scope = choice(given, "scope", kScopes);
  request.num_masked = integer(given, "num_masked");
  request.values = pointer<const std::int64_t>(given, "values");
  request.temperature = number(given, "temperature");
  request.share = number(given, "share");
  request.boxes = pointer<const double>(given, "boxes");
  request.boxes_per_slot = integer(given, "boxes_per_slot");
  request.views = pointer<const View>(given, "views");
  return request;
}

[[nodiscard]] inline TrackRequest track_request(const py::dict& given) {
  return {token_grid(given), integer(given, "num_masked"), number(given, "sigma")};
}

}  // namespace mgm::bindings
