/* Shared by the two halves of the AV1 tap: av1.c reads blocks, av1_pictures.c follows pictures from
 * dav1d to libavcodec's frames. */
#ifndef MGM_TAPS_AV1_H
#define MGM_TAPS_AV1_H

#include <string.h>

#include "common/frame.h"
#include "src/env.h"
#include "src/internal.h"
#include "src/tables.h"
#include "tap.h"

enum {
  kReferences = 7,
  kNotReferred = 255,
  kUnscaled = 8,
  kLargestBlock = 3 * 128 * 128, /* samples, no chroma subsampling */
};

typedef struct Av1State {
  MgmPicture* picture;             /* being decoded */
  int vectors_only;                /* it stays without pixels */
  uint8_t references[kReferences]; /* index into its table, or kNotReferred */
  int scale;     /* output columns per kUnscaled coded ones: more with super-resolution */
  int hint, poc; /* order hint of the last picture, and the same without wrapping around */
  /* Where vectors-only decode leaves coefficients, unread. */
  int32_t coefficients[kLargestBlock];
  int16_t coefficient_blocks[kLargestBlock / 16];
} Av1State;

/* NULL: nobody reads vectors. libdav1d gives its AVCodecContext to the logger. */
static inline MgmTap* av1_tap(const Dav1dContext* c) {
  const AVCodecContext* context = c->logger.cookie;
  return context ? mgm_tap(context) : NULL;
}

/* Ours on dav1d's, or NULL. */
MgmPicture* av1_picture(const Dav1dPicture* picture);

/* In frames, from one picture to another by their order hints; 0 where the stream has none. */
static inline int av1_steps(const Dav1dFrameContext* f, const Dav1dFrameHeader* from,
                            const Dav1dFrameHeader* to) {
  return get_poc_diff(f->seq_hdr->order_hint_n_bits, (int)to->frame_offset,
                      (int)from->frame_offset);
}

#endif
