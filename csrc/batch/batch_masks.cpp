#include "batch/batch_masks.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "masks/boxes.hpp"
#include "masks/mask_job.hpp"
#include "parallel.hpp"

namespace mgm {

namespace {

template <class T>
std::span<const T> part(const T* data, std::int64_t index, std::int64_t size) {
  if (data == nullptr) return {};
  return {data + index * size, static_cast<std::size_t>(size)};
}

Mask mask_part(std::uint8_t* mask, std::int64_t index, std::int64_t size) {
  return {mask + index * size, static_cast<std::size_t>(size)};
}

const View& checked_view(const View* views, std::int64_t clip) {
  const View& view = views[clip];
  const bool finite = std::isfinite(view.x) && std::isfinite(view.y) && std::isfinite(view.w) &&
                      std::isfinite(view.h);
  if (!finite || view.w <= 0 || view.h <= 0) {
    throw std::invalid_argument("views of clip " + std::to_string(clip) +
                                " must be finite with w and h above 0, not (" +
                                std::to_string(view.x) + ", " + std::to_string(view.y) + ", " +
                                std::to_string(view.w) + ", " + std::to_string(view.h) + ")");
  }
  return view;
}

std::vector<Box> boxes_of(std::span<const double> corners) {
  std::vector<Box> boxes;
  for (std::size_t i = 0; i + 3 < corners.size(); i += 4) {
    const Box box{corners[i], corners[i + 1], corners[i + 2], corners[i + 3]};
    if (std::isnan(box.x0 + box.y0 + box.x1 + box.y1)) continue;
    boxes.push_back(box);
  }
  return boxes;
}

// One clip of a batch without its padding.
class ClipField {
 public:
  ClipField(const FieldBatch& batch, std::int64_t clip) {
    const ClipCells cells = checked_cells(batch, clip);
    const auto offsets = part(batch.offsets, clip, batch.samples + 1);
    check_offsets(offsets, batch.rows, clip);
    field_ = {.rows = offsets.back(),
              .cells_high = cells.high,
              .cells_wide = cells.wide,
              .cell = static_cast<int>(cells.cell),
              .width = static_cast<int>(batch.sizes[2 * clip]),
              .height = static_cast<int>(batch.sizes[2 * clip + 1]),
              .vectors = cropped(batch, batch.vectors, clip, 2, vectors_),
              .coded = cropped(batch, batch.coded, clip, 1, coded_),
              .cuts = part(batch.cuts, clip, batch.rows),
              .sample_offsets = offsets};
  }
  ClipField(const ClipField&) = delete;
  ClipField& operator=(const ClipField&) = delete;

  [[nodiscard]] const FieldView& view() const { return field_; }

 private:
  static ClipCells checked_cells(const FieldBatch& batch, std::int64_t clip) {
    const ClipCells cells = clip_cells(batch, clip);
    const std::int64_t width = batch.sizes[2 * clip], height = batch.sizes[2 * clip + 1];
    if (batch.cells[clip] < 1) {
      throw std::invalid_argument("cells must be at least 1, not " +
                                  std::to_string(batch.cells[clip]) + " in clip " +
                                  std::to_string(clip));
    }
    constexpr std::int64_t kMost = std::int64_t{1} << 30;
    if (width < 1 || height < 1 || width > kMost || height > kMost ||
        (width - 1) / cells.cell + 1 != cells.wide || (height - 1) / cells.cell + 1 != cells.high) {
      throw std::invalid_argument(
          "sizes must be pictures of at most " + std::to_string(batch.wide) + " x " +
          std::to_string(batch.high) + " cells, not " + std::to_string(width) + " x " +
          std::to_string(height) + " pixels in clip " + std::to_string(clip));
    }
    return cells;
  }

  static void check_offsets(std::span<const std::int64_t> offsets, std::int64_t rows,
                            std::int64_t clip) {
    if (offsets.front() == 0 && std::ranges::is_sorted(offsets) && offsets.back() <= rows) {
      return;
    }
    throw std::invalid_argument("offsets must rise from 0 to at most " + std::to_string(rows) +
                                " rows, not in clip " + std::to_string(clip));
  }

  template <class T>
  std::span<const T> cropped(const FieldBatch& batch, const T* data, std::int64_t clip,
                             std::int64_t size, std::vector<T>& storage) const {
    if (data == nullptr) return {};
    const ClipCells cells = clip_cells(batch, clip);
    const std::int64_t rows = batch.offsets[(clip + 1) * (batch.samples + 1) - 1];
    const T* first = data + clip * batch.rows * batch.high * batch.wide * size;
    const auto count = static_cast<std::size_t>(rows * cells.high * cells.wide * size);
    if (cells.high == batch.high && cells.wide == batch.wide) return {first, count};
    storage.resize(count);
    T* out = storage.data();
    for (std::int64_t line = 0; line < rows * cells.high; ++line, out += cells.wide * size) {
      const std::int64_t row = line / cells.high, r = line % cells.high;
      std::copy_n(first + (row * batch.high + r) * batch.wide * size, cells.wide * size, out);
    }
    return storage;
  }

  std::vector<std::int16_t> vectors_;
  std::vector<std::uint8_t> coded_;
  FieldView field_;
};

Score clip_score(const FieldBatch& field, const ScoreRequest& request, std::int64_t clip) {
  const ClipField own(field, clip);
  const std::vector<Box> ignore = boxes_of(part(request.ignore, clip, 4 * request.ignored));
  return motion_score(own.view(), request.grid, checked_view(field.views, clip),
                      {.camera = request.camera,
                       .weight = part(request.weight, clip, request.grid.tokens()),
                       .weight_by_coded = request.by_coded,
                       .ignore = ignore});
}

ScoreView score_of(const ScoreBatch& score, std::int64_t clip) {
  const std::int64_t tokens = score.grid.tokens();
  return {.grid = score.grid,
          .values = part(score.values, clip, tokens),
          .motion = part(score.motion, clip, tokens),
          .valid = part(score.valid, clip, tokens),
          .cuts = part(score.cuts, clip, score.grid.slots)};
}

// The boxes of each slot of one clip, without those that are none.
struct ClipBoxes {
  std::vector<Box> boxes;
  std::vector<std::int64_t> offsets{0};

  ClipBoxes(const MaskBatch& batch, std::int64_t clip) {
    const std::int64_t count = 4 * batch.boxes_per_slot;
    for (std::int64_t s = 0; s < batch.grid.slots; ++s) {
      for (const Box& box : boxes_of(part(batch.boxes, clip * batch.grid.slots + s, count))) {
        boxes.push_back(box);
      }
      offsets.push_back(static_cast<std::int64_t>(boxes.size()));
    }
  }
};

}  // namespace

void score_batch(const FieldBatch& field, const ScoreRequest& request, const ScoreOut& out,
                 int threads) {
  const std::int64_t tokens = request.grid.tokens(), slots = request.grid.slots;
  run_parallel(field.clips, threads, [&](std::int64_t clip) {
    const Score score = clip_score(field, request, clip);
    std::ranges::copy(score.values, out.values + clip * tokens);
    std::ranges::copy(score.motion, out.motion + clip * tokens);
    std::ranges::copy(score.valid, out.valid + clip * tokens);
    std::ranges::transform(score.cuts, out.cuts + clip * slots,
                           [](std::uint8_t cut) { return static_cast<std::uint8_t>(cut != 0); });
  });
}

void texture_batch(const FrameBatch& frames, const Grid& grid, std::int32_t* weight, int threads) {
  const std::int64_t size = frames.frames * frames.height * frames.width * 3;
  run_parallel(frames.clips, threads, [&](std::int64_t clip) {
    const FramesView own{frames.frames, frames.height, frames.width,
                         part(frames.pixels, clip, size)};
    const std::vector<std::int32_t> texture = token_texture(
        own, grid, checked_view(frames.views, clip), static_cast<int>(frames.sizes[2 * clip]),
        static_cast<int>(frames.sizes[2 * clip + 1]));
    std::ranges::copy(texture, weight + clip * grid.tokens());
  });
}

void mask_batch(const MaskBatch& batch, const MaskOptions& options, Takes takes,
                void (*make)(const MaskJob& job), int threads) {
  run_parallel(batch.clips, threads, [&](std::int64_t clip) {
    MaskJob job{.grid = batch.grid,
                .options = options,
                .seed = batch.seeds == nullptr ? 0 : batch.seeds[clip],
                .mask = mask_part(batch.mask, clip, batch.grid.tokens()),
                .score = score_of(batch.score, clip)};
    if (takes == Takes::kField) {
      const ClipField own(batch.field, clip);
      job.field = &own.view();
      job.row_frames = part(batch.field.row_frames, clip, batch.field.rows);
      job.view = checked_view(batch.field.views, clip);
      return make(job);
    }
    if (takes == Takes::kScore && batch.score.values == nullptr) {
      const Score score = clip_score(batch.field, batch.request, clip);
      job.score = {score.grid, score.values, score.motion, score.valid, score.cuts};
      return make(job);
    }
    if (takes != Takes::kBoxes) return make(job);
    const ClipBoxes boxes(batch, clip);
    job.boxes = {boxes.boxes, boxes.offsets};
    job.view = checked_view(batch.views, clip);
    make(job);
  });
}

void source_batch(const ScoreBatch& score, const MaskOptions& options, std::uint8_t* sources,
                  int threads) {
  run_parallel(score.clips, threads, [&](std::int64_t clip) {
    const std::vector<SlotSource> own = slot_sources(score_of(score, clip), options);
    std::ranges::transform(own, sources + clip * score.grid.slots,
                           [](SlotSource source) { return static_cast<std::uint8_t>(source); });
  });
}

void corner_batch(const ScoreBatch& score, const MaskOptions& options, const View* views,
                  const std::int64_t* sizes, const std::uint64_t* seeds, float* corners,
                  int threads) {
  run_parallel(score.clips, threads, [&](std::int64_t clip) {
    const BoxSize size = mask_box_size(score.grid, options, seeds[clip]);
    const std::vector<Centre> centres =
        motion_centres(score_of(score, clip), size, options, seeds[clip]);
    const std::vector<float> own =
        boxes_in_source(centres, score.grid, size, checked_view(views, clip),
                        static_cast<int>(sizes[2 * clip]), static_cast<int>(sizes[2 * clip + 1]));
    std::ranges::copy(own, corners + clip * score.grid.slots * 4);
  });
}

}  // namespace mgm
