#ifndef MGM_TAPS_H264_SLICE_H
#define MGM_TAPS_H264_SLICE_H

#include <libavcodec/h264dec.h>

#include "export.h"
#include "h264_costs.h"
#include "h264_cover.h"
#include "h264_energy.h"
#include "h264_references.h"
#include "h264_rows.h"
#include "tap.h"

typedef struct MgmH264State MgmH264State;

/* What is done with each macroblock once it is parsed. */
typedef void MgmH264Note(const H264Context* h, const H264SliceContext* sl, MgmH264State* state);

struct MgmH264State {
  MgmTargets targets;
  MgmPicture* picture; /* of the current slice; NULL: nothing is noted */
  MgmH264Rows rows;
  MgmH264Cover cover;
  MgmH264Costs costs;
  MgmEnergy* energy;  /* of the current picture; NULL: none is wanted */
  MgmCell* cells;     /* where libavcodec's rows are wanted; the picture's */
  MgmH264Note* note;  /* of the current slice */
  int64_t serial;     /* of the current picture */
  int reset;          /* the next picture begins another POC numbering */
  int last_frame_num; /* of the reference picture before */
  int no_pixels;      /* the slice is not reconstructed */
};

/* Chooses the note of the slice that begins. */
void mgm_h264_begin_notes(const MgmTap* tap, MgmH264State* state);

/* Whether mgm_h264_parse_slice can take the slice that is queued. */
int mgm_h264_can_parse(const H264Context* h, const MgmH264State* state);

/* In place of ff_h264_execute_decode_slices: parses and notes one macroblock after the other, and
 * does nothing else. Of what it leaves and returns, all that is read later is the same. */
int mgm_h264_parse_slice(H264Context* h, MgmH264State* state);

#endif
