/* libdav1d allocates pictures by itself and knows no opaque_ref. Here each pixel buffer is put into
 * one that carries the MgmPicture as well: dav1d's own counting takes it wherever the picture goes,
 * film grain copies, repeated and output frames included. */
#include <libavutil/buffer.h>
#include <libavutil/mem.h>

#include "av1.h"

typedef struct Carrier {
  AVBufferRef *pixels, *picture;
} Carrier;

static const Carrier* carrier_of(const AVBufferRef* buffer) { return av_buffer_get_opaque(buffer); }

MgmPicture* av1_picture(const Dav1dPicture* picture) {
  return picture->allocator_data ? (MgmPicture*)carrier_of(picture->allocator_data)->picture->data
                                 : NULL;
}

static void free_carrier(void* opaque, uint8_t* data) {
  Carrier* carrier = opaque;
  (void)data;
  av_buffer_unref(&carrier->pixels);
  av_buffer_unref(&carrier->picture);
  av_free(carrier);
}

/* Takes over the reference to our picture; NULL: out of memory. */
static int carry(Dav1dPicture* to, AVBufferRef* picture) {
  AVBufferRef* pixels = to->allocator_data;
  Carrier* carrier = picture ? av_mallocz(sizeof *carrier) : NULL;
  AVBufferRef* both =
      carrier ? av_buffer_create(pixels->data, pixels->size, free_carrier, carrier, 0) : NULL;
  if (!both) {
    av_free(carrier);
    av_buffer_unref(&picture);
    return DAV1D_ERR(ENOMEM);
  }
  /* dav1d has copied the pointer already: what it points at changes, not the pointer. */
  const AVBufferRef outer = *both;
  *both = *pixels;
  *pixels = outer;
  *carrier = (Carrier){.pixels = both, .picture = picture};
  return 0;
}

static void begin_picture(MgmTap* tap, MgmPicture* picture, const Dav1dFrameContext* f) {
  Av1State* state = tap->state;
  const Dav1dFrameHeader* header = f->frame_hdr;
  const int bits = f->seq_hdr->order_hint_n_bits, hint = (int)header->frame_offset;
  if (header->frame_type == DAV1D_FRAME_TYPE_KEY && header->show_frame) {
    picture->sequence = ++tap->sequence;
    state->poc = hint;
  } else {
    state->poc += get_poc_diff(bits, hint, state->hint);
  }
  state->hint = hint;
  picture->poc = state->poc;
  picture->has_poc = bits > 0;
  picture->hidden = !header->show_frame;
  state->scale = kUnscaled;
  if (header->width[0] != header->width[1]) {
    state->scale = header->super_res.width_scale_denominator;
    picture->motion_scale = (uint16_t)(picture->motion_scale * kUnscaled);
  }
  state->picture = picture;
  const int unreferenced = tap->vectors_only_unreferenced && !header->refresh_frame_flags;
  state->vectors_only = tap->vectors_only || unreferenced;
  memset(state->references, kNotReferred, sizeof state->references);
}

int __real_dav1d_thread_picture_alloc(Dav1dContext* c, Dav1dFrameContext* f, const int bpc);
int __wrap_dav1d_thread_picture_alloc(Dav1dContext* c, Dav1dFrameContext* f, const int bpc);

int __wrap_dav1d_thread_picture_alloc(Dav1dContext* c, Dav1dFrameContext* f, const int bpc) {
  const int status = __real_dav1d_thread_picture_alloc(c, f, bpc);
  MgmTap* tap = av1_tap(c);
  if (status < 0 || !tap) return status;
  Dav1dPicture* current = &f->sr_cur.p;
  AVBufferRef* buffer = mgm_new_picture(tap, current->p.w, current->p.h);
  if (!buffer) return DAV1D_ERR(ENOMEM);
  begin_picture(tap, (MgmPicture*)buffer->data, f);
  if (((const Av1State*)tap->state)->vectors_only) {
    /* Spares the masks that each block leaves for the deblocking filter. */
    f->frame_hdr->loopfilter.level_y[0] = f->frame_hdr->loopfilter.level_y[1] = 0;
  }
  return carry(current, buffer);
}

int __real_dav1d_picture_alloc_copy(Dav1dContext* c, Dav1dPicture* dst, const int w,
                                    const Dav1dPicture* src);
int __wrap_dav1d_picture_alloc_copy(Dav1dContext* c, Dav1dPicture* dst, const int w,
                                    const Dav1dPicture* src);

/* The same picture before super-resolution, or with film grain. */
int __wrap_dav1d_picture_alloc_copy(Dav1dContext* c, Dav1dPicture* dst, const int w,
                                    const Dav1dPicture* src) {
  const int status = __real_dav1d_picture_alloc_copy(c, dst, w, src);
  if (status < 0 || !av1_tap(c)) return status;
  return carry(dst, av_buffer_ref(carrier_of(src->allocator_data)->picture));
}

/* What libdav1d reads once, at opening, here holds for each packet. Film grain is put on at output,
 * and the frame put out is the packet's own. */
static void choose_work(Dav1dContext* c) {
  const AVCodecContext* context = c->logger.cookie;
  const MgmTap* tap = mgm_tap(context);
  const int skip = context->skip_frame >= AVDISCARD_NONREF;
  const int filter = context->skip_loop_filter < AVDISCARD_ALL;
  c->decode_frame_type = skip ? DAV1D_DECODEFRAMETYPE_REFERENCE : DAV1D_DECODEFRAMETYPE_ALL;
  c->inloop_filters = filter ? DAV1D_INLOOPFILTER_ALL : DAV1D_INLOOPFILTER_NONE;
  c->apply_grain = !tap->vectors_only && !tap->vectors_only_unreferenced;
}

int __real_dav1d_send_data(Dav1dContext* c, Dav1dData* in);
int __wrap_dav1d_send_data(Dav1dContext* c, Dav1dData* in);

int __wrap_dav1d_send_data(Dav1dContext* c, Dav1dData* in) {
  if (av1_tap(c)) choose_work(c);
  return __real_dav1d_send_data(c, in);
}

int __real_ff_decode_frame_props_from_pkt(const AVCodecContext* context, AVFrame* frame,
                                          const AVPacket* packet);
int __wrap_ff_decode_frame_props_from_pkt(const AVCodecContext* context, AVFrame* frame,
                                          const AVPacket* packet);

/* libdav1d calls this for each frame that it puts out, after giving it the buffer. */
int __wrap_ff_decode_frame_props_from_pkt(const AVCodecContext* context, AVFrame* frame,
                                          const AVPacket* packet) {
  const int status = __real_ff_decode_frame_props_from_pkt(context, frame, packet);
  if (status < 0 || context->codec_id != AV_CODEC_ID_AV1 || !mgm_tap(context)) return status;
  return av_buffer_replace(&frame->opaque_ref, carrier_of(frame->buf[0])->picture);
}
