#include "container.h"

#include <libavcodec/avcodec.h>
#include <libavformat/internal.h>
#include <libavformat/isom.h>
#include <libavutil/mem.h>
#include <string.h>

void* __real_av_fast_realloc(void* memory, unsigned* size, size_t wanted);
void* __wrap_av_fast_realloc(void* memory, unsigned* size, size_t wanted);
int __real_av_reallocp_array(void* memory, size_t count, size_t size);
int __wrap_av_reallocp_array(void* memory, size_t count, size_t size);
AVStream* __real_avformat_new_stream(AVFormatContext* context, const AVCodec* codec);
AVStream* __wrap_avformat_new_stream(AVFormatContext* context, const AVCodec* codec);
void __real_avpriv_set_pts_info(AVStream* stream, int wrap_bits, unsigned num, unsigned den);
void __wrap_avpriv_set_pts_info(AVStream* stream, int wrap_bits, unsigned num, unsigned den);

/* The allocators that indices grow by know no context. */
static _Thread_local const AVFormatContext* current;

const AVFormatContext* mgm_enter_container(const AVFormatContext* context) {
  const AVFormatContext* before = current;
  current = context;
  return before;
}

static int is_mov(const AVFormatContext* context) {
  return context->iformat && strstr(context->iformat->name, "mp4") != NULL;
}

/* Every fragment has something of every stream. */
static int64_t fragment_bytes(const AVFormatContext* context) {
  const MOVContext* mov = context->priv_data;
  const size_t fragment = sizeof *mov->frag_index.item +
                          context->nb_streams * sizeof *mov->frag_index.item->stream_info;
  return mov->frag_index.nb_items * (int64_t)fragment;
}

static int64_t index_bytes(const AVFormatContext* context) {
  int64_t bytes = is_mov(context) && context->priv_data ? fragment_bytes(context) : 0;
  for (unsigned i = 0; i < context->nb_streams; ++i) {
    const FFStream* stream = ffstream(context->streams[i]);
    bytes += stream->index_entries_allocated_size;
    const MOVStreamContext* track = is_mov(context) ? stream->pub.priv_data : NULL;
    if (track) bytes += track->ctts_allocated_size;
  }
  return bytes;
}

static int is_too_much(size_t wanted) {
  enum { kSmall = 1 << 12 }; /* not worth adding up */
  MgmContainer* container = current ? current->opaque : NULL;
  if (!container || wanted < kSmall) return 0;
  const int64_t left = container->max_index - index_bytes(current);
  if (left > 0 && wanted <= (uint64_t)left) return 0;
  container->refusal = MGM_REFUSED_INDEX;
  return 1;
}

void* __wrap_av_fast_realloc(void* memory, unsigned* size, size_t wanted) {
  if (wanted > *size && is_too_much(wanted)) return NULL;
  return __real_av_fast_realloc(memory, size, wanted);
}

int __wrap_av_reallocp_array(void* memory, size_t count, size_t size) {
  const size_t most = SIZE_MAX / (size ? size : 1);
  if (count <= most && is_too_much(count * size)) {
    av_freep(memory);
    return AVERROR(ENOMEM);
  }
  return __real_av_reallocp_array(memory, count, size);
}

AVStream* __wrap_avformat_new_stream(AVFormatContext* context, const AVCodec* codec) {
  AVStream* stream = __real_avformat_new_stream(context, codec);
  const MgmContainer* container = context->opaque;
  if (stream && container) ffstream(stream)->avctx->max_pixels = container->max_pixels;
  return stream;
}

/* Each edit may look at every sample of its track. */
static void judge_edits(MgmContainer* container, MOVStreamContext* track) {
  const int64_t work = (int64_t)track->elst_count * track->sample_count;
  container->max_edits -= work < container->max_edits ? work : container->max_edits;
  if (container->max_edits > 0) return;
  container->refusal = MGM_REFUSED_EDITS;
  track->elst_count = 0;
}

/* mov calls this for each track between reading its tables and making its index of them. */
void __wrap_avpriv_set_pts_info(AVStream* stream, int wrap_bits, unsigned num, unsigned den) {
  MgmContainer* container = current ? current->opaque : NULL;
  MOVStreamContext* track = container && is_mov(current) ? stream->priv_data : NULL;
  if (track && track->elst_count > 1) judge_edits(container, track);
  __real_avpriv_set_pts_info(stream, wrap_bits, num, den);
}
