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

#include "taps/blocks.h"
#include "taps/costs.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MGM_NO_POC INT32_MIN

enum {
  MGM_NO_REFERENCE = 255, /* MgmBlock.reference of a row that refers to nothing */
  MGM_MOST_REFERENCES = 253,
};

typedef struct MgmReference {
  int64_t serial; /* MgmPicture.serial of the picture referred to; -1: unknown */
  int64_t pts;    /* and its MgmPicture.pts */
  int32_t poc;    /* its picture order count, or MGM_NO_POC */
  int8_t half;    /* half frames to add to the distance: parity of the field referred to minus ours;
                     -1, 0, 1 */
  uint8_t hidden; /* MgmPicture.hidden of the picture referred to */
} MgmReference;

typedef struct MgmPicture {
  int64_t serial; /* order in which the decoder began its pictures */
  int64_t pts;
  int64_t sequence; /* pictures of equal sequence share one POC numbering */
  int32_t poc;
  uint8_t has_poc;
  uint8_t tapped;    /* a tap saw at least one block of this picture */
  uint8_t failed;    /* out of memory, or a table overflowed: blocks are incomplete */
  uint8_t concealed; /* blocks were lost, invented ones perhaps shown; they are not in the list */
  uint8_t hidden;    /* coded not to be shown; a later packet may show it after all */
  uint8_t vectors_only, vectors_only_unreferenced; /* MgmTap's when the decoder began it */
  uint8_t not_anew; /* set by a tap whose decoder may take it for a key picture, though later ones
                       may refer to earlier ones */
  uint8_t unread;   /* MgmTap.skip_blocks was set: it holds neither pixels nor vectors */
  uint16_t motion_scale;
  int32_t width, height; /* of the coded picture */
  MgmBlock* blocks;
  size_t num_blocks, max_blocks;
  int num_references;
  MgmCosts costs; /* where MgmTap.costs is set */
  void* extra;    /* for blocks="libavcodec" (export.h); freed with the picture by free() */
  MgmReference references[MGM_MOST_REFERENCES]; /* last: left as it was when a picture is reused */
} MgmPicture;

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
  int64_t gaps;     /* counted by the tap: pictures that the stream says came before, and did not */
  int costs;        /* count the bits of blocks; with it no picture is passed over */
  int export_rows;  /* MgmPicture.blocks become libavcodec's own rows; see export.h */
  int64_t pictures; /* serial of the next picture */
  int64_t sequence; /* advanced by the codec's tap at an IDR or its like */
  void* state;      /* the codec's own */
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

/* AVCodecContext.get_buffer2 of a tapped decoder: puts a new MgmPicture on frame->opaque_ref. With
 * vectors_only all frames share one piece of memory for their pixels, otherwise they have what
 * libavcodec gives them. */
int mgm_get_buffer(AVCodecContext* context, AVFrame* frame, int flags);

/* Ends a tap: the codec's own state, and the memory of its pictures once nobody uses them. */
void mgm_close(MgmTap* tap);

/* A picture that is read needs vectors of another one, which may be NULL. */
void mgm_need(MgmTap* tap, const MgmPicture* other);

/* The picture on a frame, or NULL. */
MgmPicture* mgm_picture(const AVFrame* frame);

/* Doubles the room; use mgm_reserve_blocks or mgm_add_block. A picture with more blocks than it has
 * area is marked as concealed, and takes no more. */
int mgm_grow_blocks(MgmPicture* picture);

static inline MgmTap* mgm_tap(const AVCodecContext* context) { return (MgmTap*)context->opaque; }

/* Room for count more blocks (at most 1024), or an AVERROR. */
static inline int mgm_reserve_blocks(MgmPicture* picture, size_t count) {
  return picture->max_blocks - picture->num_blocks >= count ? 0 : mgm_grow_blocks(picture);
}

/* Makes blocks that lie in the list into ones that say nothing. */
void mgm_drop_blocks(MgmBlock* blocks, size_t count);

static inline void mgm_add_block(MgmPicture* picture, MgmBlock block) {
  if (picture->num_blocks == picture->max_blocks && mgm_grow_blocks(picture) < 0) return;
  picture->blocks[picture->num_blocks++] = block;
}

/* Index of a reference in the picture's table, added when new. target may be NULL: an unknown
 * reference. */
uint8_t mgm_add_reference(MgmPicture* picture, const MgmPicture* target, int32_t poc, int8_t half);

#ifdef __cplusplus
}
#endif
#endif
