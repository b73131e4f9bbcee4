#include "mov_index.h"

#include <libavformat/isom.h>
#include <string.h>

int mgm_mov_samples(const AVFormatContext* context, const AVStream* stream, MgmSamples* samples) {
  if (strstr(context->iformat->name, "mp4") == NULL) return -1;
  const MOVContext* mov = context->priv_data;
  const MOVStreamContext* track = stream->priv_data;
  /* A fragmented file's header covers only what was read of it so far. */
  if (track == NULL || mov->frag_index.nb_items > 0) return -1;
  *samples = (MgmSamples){.track = track};
  return 0;
}

int64_t mgm_mov_next_offset(MgmSamples* samples) {
  const MOVStreamContext* track = samples->track;
  if (track->ctts_data == NULL || samples->entry >= track->ctts_count) return 0;
  const int64_t offset = (int64_t)track->dts_shift + track->ctts_data[samples->entry].duration;
  if (++samples->within >= track->ctts_data[samples->entry].count) {
    ++samples->entry;
    samples->within = 0;
  }
  return offset;
}

int mgm_mov_is_encrypted(const AVFormatContext* context, const AVStream* stream) {
  if (strstr(context->iformat->name, "mp4") == NULL) return 0;
  const MOVStreamContext* track = stream->priv_data;
  if (track == NULL) return 0;
  const int unknown = track->format == MKTAG('e', 'n', 'c', 'v');
  const int fairplay = track->format == MKTAG('d', 'r', 'm', 'i');
  return track->cenc.default_encrypted_sample != NULL || unknown || fairplay;
}
