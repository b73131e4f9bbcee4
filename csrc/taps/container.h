/* What a container may cost before anything of it is decoded. libavformat believes an mp4's counts:
 * a few bytes of it can ask for an index of gigabytes. */
#ifndef MGM_TAPS_CONTAINER_H
#define MGM_TAPS_CONTAINER_H

#include <libavformat/avformat.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum MgmRefusal {
  MGM_REFUSED_NOTHING,
  MGM_REFUSED_INDEX, /* larger than max_index */
  MGM_REFUSED_EDITS, /* more work than max_edits to apply them */
};

/* On AVFormatContext.opaque. */
typedef struct MgmContainer {
  int64_t max_pixels; /* of the decoders that libavformat opens to learn of the streams */
  int64_t max_index;  /* bytes of the indices of all streams */
  int64_t max_edits;  /* samples looked at for the edit lists of all streams */
  enum MgmRefusal refusal;
} MgmContainer;

/* The calling thread works on this container until it is told of another, or NULL for none. Returns
 * the one before. */
const AVFormatContext* mgm_enter_container(const AVFormatContext* context);

#ifdef __cplusplus
}
#endif
#endif
