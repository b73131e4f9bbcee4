/* Presentation times from an MP4 or MOV header: the public index has decoding times only. */
#ifndef MGM_TAPS_MOV_INDEX_H
#define MGM_TAPS_MOV_INDEX_H

#include <libavformat/avformat.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes pts minus dts of every sample of the stream, in decoding order, into offsets[count], where
 * count is avformat_index_get_entries_count. Returns 0, or -1 when the header does not have them
 * (not mov, a fragmented file). */
int mgm_mov_pts_offsets(const AVFormatContext* context, const AVStream* stream, int64_t* offsets,
                        int count);

/* 1 for a track of mov whose samples are encrypted (CENC and its like, FairPlay), else 0. */
int mgm_mov_is_encrypted(const AVFormatContext* context, const AVStream* stream);

#ifdef __cplusplus
}
#endif
#endif
