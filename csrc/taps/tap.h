/* The one interface that all taps share. A tap is one C file per codec family that takes the motion
 * vectors out of a running libavcodec decoder. It is compiled against the private headers of
 * exactly the FFmpeg that is linked, and gets between two decoder functions with the linker's
 * --wrap (or replaces a function pointer of the decoder's context).
 *
 * A decoder is tapped when AVCodecContext.opaque is a MgmTap; with NULL (libavformat's own
 * stream-info decoders) every wrapped function passes straight through. Each picture that the
 * decoder allocates gets a MgmPicture on AVFrame.opaque_ref, which reference counting carries to
 * the output frame whatever the reordering.
 *
 * To add a codec: write taps/<family>.c with one MgmCodec, and add its line to the table in
 * taps/tap.c. */
#ifndef MGM_TAPS_TAP_H
#define MGM_TAPS_TAP_H

#include <libavcodec/avcodec.h>
#include <stdint.h>

#include "picture.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The memory under all pictures of a vectors-only decode; see buffers.c. */
typedef struct MgmScratch {
  AVBufferPool* pool;
  int width, height, format;
  int linesize[4];
  size_t offset[4], size;
  int used[4];
} MgmScratch;

typedef struct MgmTap {
  const struct MgmCodec* codec;
  int vectors_only; /* skip the reconstruction of pixels; may change between packets */
  /* Likewise, but only for pictures that no other refers to (so that pixels of the others stay
   * right). A tap that cannot tell may ignore it. */
  int vectors_only_unreferenced;
  /* Leave the blocks of pictures unread, with vectors_only: they only keep their place among the
   * references. A tap that cannot may ignore it. */
  int skip_blocks;
  /* Pictures without vectors do not matter: with vectors_only they may be left unread, and damage
   * in them is not told. A tap that cannot may ignore it. */
  int pass_intra;
  int missed;         /* set by the tap: a later picture needed what was left unread */
  int64_t missed_pts; /* MgmPicture.pts of that */
  int begun;          /* set by the tap: a picture was begun since the last flush */
  int64_t gaps; /* counted by the tap: pictures that the stream says came before, and did not */
  int made_up;  /* set by the tap: pictures begun now stand for missing ones */
  AVBufferRef* last;     /* the picture begun last, until it was judged */
  int concealed;         /* set by mgm_judge_last: pictures were concealed */
  int64_t concealed_pts; /* MgmPicture.pts of the last of them */
  int costs;             /* count the bits of blocks, of intra pictures too */
  int energy;            /* and that of their coefficients; only with costs and vectors_only */
  int export_rows;       /* MgmPicture.blocks become libavcodec's own rows; see export.h */
  int64_t pictures;      /* serial of the next picture */
  int64_t sequence;      /* advanced by the codec's tap at an IDR or its like */
  void* state;           /* the codec's own */
  AVBufferPool* picture_pool;
  MgmScratch scratch;
} MgmTap;

typedef struct MgmCodec {
  enum AVCodecID id;
  const enum AVCodecID* ids; /* a family's instead, ended by AV_CODEC_ID_NONE; NULL: only id */
  uint16_t motion_scale;     /* preset in each new picture; a tap may overwrite it */
  uint8_t leaves_pictures;   /* heeds MgmTap.skip_blocks */
  /* Whether it fills MgmPicture.costs where MgmTap.costs is set; NULL: it does not. */
  int (*counts_costs)(enum AVCodecID id);
  /* Why it does not fill MgmPicture.energy where MgmTap.energy is set, in the words of an error, or
   * NULL: it does. Only asked where costs are counted; itself NULL: it never does. */
  const char* (*lacks_energy)(enum AVCodecID id);
  /* Called after avcodec_open2; either may be NULL. open returns 0 or an AVERROR. */
  int (*open)(AVCodecContext* context, MgmTap* tap);
  void (*close)(MgmTap* tap);
  /* Sets decoder options for vectors-only or full decode, before the next packet; may be NULL. */
  void (*set_vectors_only)(AVCodecContext* context, MgmTap* tap, int on);
} MgmCodec;

/* The codec's tap, or NULL when none reads its vectors. */
const MgmCodec* mgm_codec(enum AVCodecID id);

/* A new MgmPicture in a buffer that frees it; NULL: out of memory. For decoders that allocate their
 * pictures without get_buffer2; the tap sees to it that output frames have it on opaque_ref. */
AVBufferRef* mgm_new_picture(MgmTap* tap, int width, int height);

/* Sees to it that a picture which is decoded to its end, and concealed, is told before it comes
 * out: one that is shown earlier may refer to it. Beginning the next picture does the same. */
void mgm_judge_last(MgmTap* tap);

/* AVCodecContext.get_buffer2 of a tapped decoder: puts a new MgmPicture on frame->opaque_ref. With
 * vectors_only all frames share one piece of memory for their pixels, otherwise they have what
 * libavcodec gives them. */
int mgm_get_buffer(AVCodecContext* context, AVFrame* frame, int flags);

/* Ends a tap: the codec's own state, and the memory of its pictures once nobody uses them. */
void mgm_close(MgmTap* tap);

/* A picture that is read needs vectors of another one, which may be NULL. */
void mgm_need(MgmTap* tap, const MgmPicture* other);

/* MgmCodec.lacks_energy of a tap that fills it for all of its codecs. */
const char* mgm_lacks_nothing(enum AVCodecID id);

/* The picture on a frame, or NULL. */
MgmPicture* mgm_picture(const AVFrame* frame);

static inline MgmTap* mgm_tap(const AVCodecContext* context) { return (MgmTap*)context->opaque; }

#ifdef __cplusplus
}
#endif
#endif
