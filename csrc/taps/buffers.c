/* Where pictures live. Both kinds of memory come from pools: a picture's list of blocks keeps its
 * room from one picture to the next. */
#include <libavutil/buffer.h>
#include <libavutil/imgutils.h>
#include <libavutil/mem.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static void free_picture(void* opaque, uint8_t* data) {
  MgmPicture* picture = (MgmPicture*)data;
  (void)opaque;
  free(picture->blocks);
  free(picture->extra);
  free(picture->costs.bits);
  free(picture->energy.cells[0]);
  av_free(picture);
}

static AVBufferRef* allocate_picture(void* opaque, size_t size) {
  (void)opaque;
  uint8_t* picture = av_mallocz(size);
  if (!picture) return NULL;
  AVBufferRef* buffer = av_buffer_create(picture, size, free_picture, NULL, 0);
  if (!buffer) av_free(picture);
  return buffer;
}

void mgm_judge_last(MgmTap* tap) {
  if (!tap->last) return;
  const MgmPicture* picture = (const MgmPicture*)tap->last->data;
  if (picture->concealed && !picture->unread) {
    tap->concealed = 1;
    tap->concealed_pts = picture->pts;
  }
  av_buffer_unref(&tap->last);
}

AVBufferRef* mgm_new_picture(MgmTap* tap, int width, int height) {
  if (width > MGM_LONGEST_SIDE || height > MGM_LONGEST_SIDE) return NULL; /* it grew on the way */
  if (!tap->picture_pool) {
    tap->picture_pool = av_buffer_pool_init2(sizeof(MgmPicture), NULL, allocate_picture, NULL);
  }
  AVBufferRef* buffer = tap->picture_pool ? av_buffer_pool_get(tap->picture_pool) : NULL;
  if (!buffer) return NULL;
  MgmPicture* picture = (MgmPicture*)buffer->data;
  MgmBlock* blocks = picture->blocks;
  const size_t max_blocks = picture->max_blocks;
  const MgmCosts costs = picture->costs;
  const MgmEnergy energy = picture->energy;
  free(picture->extra);
  memset(picture, 0, offsetof(MgmPicture, references));
  picture->blocks = blocks;
  picture->max_blocks = max_blocks;
  picture->costs = costs;
  mgm_reset_costs(&picture->costs, tap->costs);
  picture->energy = energy;
  mgm_reset_energy(&picture->energy, tap->energy && tap->vectors_only);
  picture->serial = tap->pictures++;
  picture->sequence = tap->sequence;
  picture->pts = AV_NOPTS_VALUE;
  picture->vectors_only = tap->vectors_only != 0;
  picture->vectors_only_unreferenced = tap->vectors_only_unreferenced != 0;
  picture->motion_scale = tap->codec->motion_scale;
  picture->width = width;
  picture->height = height;
  return buffer;
}

static void unref_shared(void* opaque, uint8_t* data) {
  AVBufferRef* shared = opaque;
  (void)data;
  av_buffer_unref(&shared);
}

static AVBufferRef* share(void* opaque, size_t size) {
  AVBufferRef* shared = av_buffer_ref(opaque);
  if (!shared) return NULL;
  AVBufferRef* buffer = av_buffer_create(shared->data, size, unref_shared, shared, 0);
  if (!buffer) av_buffer_unref(&shared);
  return buffer;
}

static void free_pool(void* opaque) { unref_shared(opaque, NULL); }

/* The line sizes of avcodec_default_get_buffer2: those of MPEG-1 to 4 and H.263 must be the same in
 * pictures with and without pixels. */
static int lay_out_lines(int linesize[4], int format, int width, const int* alignment) {
  for (;;) {
    const int status = av_image_fill_linesizes(linesize, format, width);
    if (status < 0) return status;
    int unaligned = 0;
    for (int i = 0; i < 4; ++i) unaligned |= linesize[i] % alignment[i];
    if (!unaligned) return 0;
    width += width & -width; /* to a multiple of twice the power of two */
  }
}

static int lay_out(AVCodecContext* context, MgmScratch* scratch, const AVFrame* frame) {
  int width = frame->width, height = frame->height, alignment[AV_NUM_DATA_POINTERS];
  avcodec_align_dimensions2(context, &width, &height, alignment);
  int status = lay_out_lines(scratch->linesize, frame->format, width, alignment);
  if (status < 0) return status;
  ptrdiff_t linesize[4];
  for (int i = 0; i < 4; ++i) linesize[i] = scratch->linesize[i];
  size_t sizes[4];
  status = av_image_fill_plane_sizes(sizes, frame->format, height, linesize);
  if (status < 0) return status;
  size_t end = 0;
  for (int i = 0; i < 4; ++i) {
    scratch->offset[i] = end;
    scratch->used[i] = sizes[i] > 0;
    end += (sizes[i] / 64 + 3) * 64; /* decoders read a little past the end */
  }
  scratch->size = end;
  return 0;
}

static void free_untouched(void* opaque, uint8_t* data) {
  (void)data;
  free(opaque);
}

/* Zeros, of which the system gives only the pages that a decoder does touch. */
static AVBufferRef* allocate_untouched(size_t size) {
  enum { kAlignment = 64 };
  uint8_t* memory = calloc(1, size + kAlignment - 1);
  if (!memory) return NULL;
  uint8_t* aligned = memory + (-(uintptr_t)memory & (kAlignment - 1));
  AVBufferRef* buffer = av_buffer_create(aligned, size, free_untouched, memory, 0);
  if (!buffer) free(memory);
  return buffer;
}

static int renew_scratch(AVCodecContext* context, MgmScratch* scratch, const AVFrame* frame) {
  const int same = scratch->pool && scratch->width == frame->width &&
                   scratch->height == frame->height && scratch->format == frame->format;
  if (same) return 0;
  av_buffer_pool_uninit(&scratch->pool);
  const int status = lay_out(context, scratch, frame);
  if (status < 0) return status;
  AVBufferRef* shared = allocate_untouched(scratch->size);
  if (!shared) return AVERROR(ENOMEM);
  scratch->pool = av_buffer_pool_init2(scratch->size, shared, share, free_pool);
  if (!scratch->pool) {
    av_buffer_unref(&shared);
    return AVERROR(ENOMEM);
  }
  scratch->width = frame->width;
  scratch->height = frame->height;
  scratch->format = frame->format;
  return 0;
}

/* Nobody looks at the pixels of a vectors-only picture, so all pictures lie on one piece of memory;
 * each has a buffer of its own, by which decoders tell pictures apart. */
static int get_scratch(AVCodecContext* context, AVFrame* frame) {
  MgmScratch* scratch = &mgm_tap(context)->scratch;
  const int status = renew_scratch(context, scratch, frame);
  if (status < 0) return status;
  frame->buf[0] = av_buffer_pool_get(scratch->pool);
  if (!frame->buf[0]) return AVERROR(ENOMEM);
  for (int i = 0; i < 4; ++i) {
    if (!scratch->used[i]) continue;
    frame->data[i] = frame->buf[0]->data + scratch->offset[i];
    frame->linesize[i] = scratch->linesize[i];
  }
  frame->extended_data = frame->data;
  return 0;
}

int mgm_get_buffer(AVCodecContext* context, AVFrame* frame, int flags) {
  MgmTap* tap = mgm_tap(context);
  AVBufferRef* buffer = mgm_new_picture(tap, frame->width, frame->height);
  if (!buffer) return AVERROR(ENOMEM);
  ((MgmPicture*)buffer->data)->pts = frame->pts;
  if (!tap->made_up) {
    mgm_judge_last(tap);
    tap->last = av_buffer_ref(buffer);
  }
  av_buffer_unref(&frame->opaque_ref);
  frame->opaque_ref = buffer;
  return tap->vectors_only ? get_scratch(context, frame)
                           : avcodec_default_get_buffer2(context, frame, flags);
}

void mgm_close(MgmTap* tap) {
  if (tap->codec && tap->codec->close) tap->codec->close(tap);
  av_buffer_unref(&tap->last);
  /* Pictures still in use keep their pool until they go. */
  av_buffer_pool_uninit(&tap->picture_pool);
  av_buffer_pool_uninit(&tap->scratch.pool);
}
