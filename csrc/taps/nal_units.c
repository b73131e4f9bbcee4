/* The decoders of HEVC and VVC keep some kilobytes for every NAL unit of a packet, H.264's some
 * hundred bytes, and a unit may be four bytes long: packets of more units than any encoder makes
 * are refused as damaged. */
#include <libavcodec/h2645_parse.h>
#include <string.h>

int __real_ff_h2645_packet_split(H2645Packet* packet, const uint8_t* data, int size, void* log,
                                 int length_size, enum AVCodecID codec, int flags);
int __wrap_ff_h2645_packet_split(H2645Packet* packet, const uint8_t* data, int size, void* log,
                                 int length_size, enum AVCodecID codec, int flags);

/* HEVC allows 600 slices in a picture, VVC 1000, and there are other units; in H.264 every
 * macroblock may be a slice. */
static int most_units(enum AVCodecID codec) { return codec == AV_CODEC_ID_H264 ? 1 << 16 : 4096; }

static int count_start_codes(const uint8_t* data, int size) {
  int count = 0;
  for (const uint8_t *at = data, *end = data + size; (at = memchr(at, 1, (size_t)(end - at)));) {
    count += at - data >= 2 && !at[-1] && !at[-2];
    ++at;
  }
  return count;
}

static int count_lengths(const uint8_t* data, int size, int length_size) {
  int count = 0;
  for (int64_t at = 0; at + length_size <= size; ++count) {
    uint32_t length = 0;
    for (int i = 0; i < length_size; ++i) length = length << 8 | data[at + i];
    at += length_size + (int64_t)length;
  }
  return count;
}

int __wrap_ff_h2645_packet_split(H2645Packet* packet, const uint8_t* data, int size, void* log,
                                 int length_size, enum AVCodecID codec, int flags) {
  enum { kLeastUnit = 4 };
  if (size > most_units(codec) * kLeastUnit) {
    const int is_nalff = flags & H2645_FLAG_IS_NALFF;
    const int count =
        is_nalff ? count_lengths(data, size, length_size) : count_start_codes(data, size);
    if (count > most_units(codec)) return AVERROR_INVALIDDATA;
  }
  return __real_ff_h2645_packet_split(packet, data, size, log, length_size, codec, flags);
}
