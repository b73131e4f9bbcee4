/* A picture of a tapped decoder: its blocks, and the pictures that they refer to. */
#ifndef MGM_TAPS_PICTURE_H
#define MGM_TAPS_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "taps/blocks.h"
#include "taps/costs.h"
#include "taps/energy.h"

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
  MgmCosts costs;   /* where MgmTap.costs is set */
  MgmEnergy energy; /* where MgmTap.energy is set */
  void* extra;      /* for blocks="libavcodec" (export.h); freed with the picture by free() */
  MgmReference references[MGM_MOST_REFERENCES]; /* last: left as it was when a picture is reused */
} MgmPicture;

/* Doubles the list; use mgm_reserve_blocks or mgm_add_block. A picture with more blocks than it has
 * area is marked as concealed, and takes no more. */
int mgm_grow_blocks(MgmPicture* picture);

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
