#include "mov_index.h"

#include <libavformat/isom.h>
#include <string.h>

int mgm_mov_pts_offsets(const AVFormatContext* context, const AVStream* stream, int64_t* offsets,
                        int count) {
  if (strstr(context->iformat->name, "mp4") == NULL) return -1;
  const MOVContext* mov = context->priv_data;
  const MOVStreamContext* track = stream->priv_data;
  /* A fragmented file's header covers only what was read of it so far. */
  if (track == NULL || mov->frag_index.nb_items > 0) return -1;
  unsigned entry = 0;
  unsigned within = 0;
  for (int i = 0; i < count; ++i) {
    if (track->ctts_data == NULL || entry >= track->ctts_count) {
      offsets[i] = 0;
      continue;
    }
    offsets[i] = (int64_t)track->dts_shift + track->ctts_data[entry].duration;
    if (++within >= track->ctts_data[entry].count) {
      ++entry;
      within = 0;
    }
  }
  return 0;
}

int mgm_mov_is_encrypted(const AVFormatContext* context, const AVStream* stream) {
  if (strstr(context->iformat->name, "mp4") == NULL) return 0;
  const MOVStreamContext* track = stream->priv_data;
  if (track == NULL) return 0;
  const int unknown = track->format == MKTAG('e', 'n', 'c', 'v');
  const int fairplay = track->format == MKTAG('d', 'r', 'm', 'i');
  return track->cenc.default_encrypted_sample != NULL || unknown || fairplay;
}
