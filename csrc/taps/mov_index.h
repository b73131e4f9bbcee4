/* Presentation times from an MP4 or MOV header: the public index has decoding times only. */
#ifndef MGM_TAPS_MOV_INDEX_H
#define MGM_TAPS_MOV_INDEX_H

#include <libavformat/avformat.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Walks the samples of a stream, all in decoding order. */
typedef struct MgmSamples {
  const void* track;
  unsigned entry, within; /* of the table of offsets */
} MgmSamples;

/* Returns 0, or -1 when the header does not have them (not mov, a fragmented file). */
int mgm_mov_samples(const AVFormatContext* context, const AVStream* stream, MgmSamples* samples);

/* pts minus dts of the next sample. */
int64_t mgm_mov_next_offset(MgmSamples* samples);

/* 1 for a track of mov whose samples are encrypted (CENC and its like, FairPlay), else 0. */
int mgm_mov_is_encrypted(const AVFormatContext* context, const AVStream* stream);

#ifdef __cplusplus
}
#endif
#endif
