// The masks: one entry each. `make` is defined in masks/*.cpp and `launch` in cuda/*.cu; a module
// refers to its own alone.
#pragma once

#include <cstddef>
#include <tuple>

#include "masks/mask_options.hpp"

struct CUstream_st;

namespace mgm {

struct MaskJob;

// What a mask has that says nothing else: it is made from nothing, with no defaults of its
// own and no check beyond those of its options.
struct AnyMask {
  static constexpr Takes takes = Takes::kNothing;
  static constexpr MaskOptions defaults{};
  static void check(const Grid& /*grid*/, const MaskOptions& /*options*/) {}
};

struct RandomMask : AnyMask {
  static constexpr const char* name = "random";
  static constexpr MaskOptions defaults = option::by_scope(Scope::kClip);
  static constexpr auto options = option::counted(option::kGroups);
  static void make(const MaskJob& job);
  static void launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream);
};

struct FrameRandomMask : RandomMask {
  static constexpr const char* name = "frame_random";
  static constexpr MaskOptions defaults = option::by_scope(Scope::kSlot);
  static constexpr auto options = option::counted();
};

struct TubeMask : FrameRandomMask {
  static constexpr const char* name = "tube";
  static constexpr MaskOptions defaults = option::by_scope(Scope::kTube);
};

struct RunningCellMask : AnyMask {
  static constexpr const char* name = "running_cell";
  static constexpr auto options = option::counted();
  static void check(const Grid& grid, const MaskOptions& options) {
    option::cell_masked(grid, options);
  }
  static void make(const MaskJob& job);
  static constexpr std::nullptr_t launch = nullptr;
};

struct BlockMask : AnyMask {
  static constexpr const char* name = "block";
  static constexpr MaskOptions defaults = option::of_blocks();
  static constexpr auto options = option::counted(option::kBlocks, option::kScale, option::kAspect,
                                                  option::kSpan, option::kGroups);
  static void make(const MaskJob& job);
  static constexpr std::nullptr_t launch = nullptr;
};

struct TimeMask : AnyMask {
  static constexpr const char* name = "time";
  static constexpr MaskOptions defaults = option::by_scope(Scope::kClip);
  static constexpr auto options = option::counted();
  static void make(const MaskJob& job);
  static constexpr std::nullptr_t launch = nullptr;
};

struct SimulatedMask : AnyMask {
  static constexpr const char* name = "simulated_motion";
  static constexpr auto options = option::counted(option::kStep, option::kAspect);
  static void make(const MaskJob& job);
  static void launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream);
};

struct FixedMask : AnyMask {
  static constexpr const char* name = "fixed_box";
  static constexpr auto options = option::counted(option::kAspect);
  static void make(const MaskJob& job);
  static void launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream);
};

struct JumpingMask : FixedMask {
  static constexpr const char* name = "jumping_box";
  static void make(const MaskJob& job);
  static void launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream);
};

struct GuidedMask : AnyMask {
  static constexpr const char* name = "motion_guided";
  static constexpr Takes takes = Takes::kScore;
  static constexpr auto options = option::counted(option::kAspect, option::kFit, option::kPeak,
                                                  option::kFirst, option::kStill, option::kStep);
  static void make(const MaskJob& job);
  static void launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream);
};

struct InverseMask : AnyMask {
  static constexpr const char* name = "inverse_motion";
  static constexpr Takes takes = Takes::kScore;
  static constexpr auto options = option::counted(option::kAspect);
  static void make(const MaskJob& job);
  static void launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream);
};

struct TopKMask : AnyMask {
  static constexpr const char* name = "motion_topk";
  static constexpr Takes takes = Takes::kScore;
  static constexpr auto options =
      option::counted(option::kScope, option::kGroups, option::kTemperature, option::kVisible);
  static void check(const Grid& /*grid*/, const MaskOptions& options) {
    option::check_topk(options);
  }
  static void make(const MaskJob& job);
  static void launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream);
};

struct BoxesMask : AnyMask {
  static constexpr const char* name = "boxes";
  static constexpr Takes takes = Takes::kBoxes;
  static constexpr auto options = option::counted(option::kScope, option::kGroups);
  static void make(const MaskJob& job);
  static void launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream);
};

struct TrackedMask : AnyMask {
  static constexpr const char* name = "tracked";
  static constexpr Takes takes = Takes::kField;
  static constexpr auto options = option::counted(option::kSigma);
  static void make(const MaskJob& job);
  static void launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream);
};

// Not a mask of a clip: the score's values are the caller's keys, lowest first.
struct SelectMask : AnyMask {
  static constexpr const char* name = "select";
  static constexpr Takes takes = Takes::kScore;
  static constexpr Option options[] = {option::kNumMasked, option::kScope};
  static void make(const MaskJob& job);
  static void launch(const MaskBatch& batch, const MaskOptions& options, CUstream_st* stream);
};

using Masks = std::tuple<RandomMask, FrameRandomMask, TubeMask, RunningCellMask, BlockMask,
                         TimeMask, SimulatedMask, FixedMask, JumpingMask, GuidedMask, InverseMask,
                         TopKMask, BoxesMask, TrackedMask, SelectMask>;

}  // namespace mgm
