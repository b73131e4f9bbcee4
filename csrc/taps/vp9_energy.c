#include "vp9_energy.h"

#include <libavcodec/vp9data.h>
#include <libavutil/intreadwrite.h>
#include <string.h>

#include "picture_costs.h"
#include "squares.h"

enum { kCell = 8 };

/* Lossless blocks have a transform that rounds at every step. Of more than 8 bits there is no
 * encoder here that would show what is read to be right. */
void mgm_vp9_begin_energy(const VP9TileData* td, MgmPicture* picture) {
  MgmEnergy* energy = mgm_count_energy(picture, kCell);
  const VP9Context* s = td->s;
  if (energy && (s->s.h.lossless || s->bytesperpixel > 1)) energy->unknown = 1;
}

/* One plane of a block. */
typedef struct Plane {
  int16_t* coefficients; /* of one transform behind the other */
  uint8_t* ends;    /* of each 4x4: how many of them were parsed, of transforms above 8x8 in two
                       bytes */
  int transform;    /* TX_* */
  int across, down; /* in 4x4, those that lie in the picture */
  int ss_h, ss_v;
  int which; /* MGM_LUMA or MGM_CHROMA */
} Plane;

/* Of a 32x32 transform, whose scan is one, the side that holds as many coefficients. */
static int side_of(int transform, int end) {
  if (transform != TX_32X32 || end > 135) return 4 << transform;
  return end > 34 ? 16 : 8;
}

/* Sums the squares of one transform, and zeroes it. */
static uint64_t take(int16_t* from, int transform, int end) {
  const int stride = 4 << transform, side = side_of(transform, end);
  const int rows = side == stride ? 1 : side, count = side == stride ? stride * stride : side;
  uint64_t sum = 0;
  for (int y = 0; y < rows; ++y) {
    int16_t* row = from + y * stride;
    sum += mgm_squares(row, count);
    memset(row, 0, (size_t)count * sizeof *row);
  }
  return sum;
}

/* What a transform adds is divided so that 64 squares make one squared level; 32x32 are halved
 * before. */
static void take_plane(MgmEnergy* energy, const VP9TileData* td, const Plane* plane) {
  const int step = 1 << plane->transform;
  const int shift = MGM_ENERGY_SHIFT - (plane->transform == TX_32X32 ? 4 : 6);
  int n = 0;
  for (int y = 0; y < plane->down; y += step) {
    for (int x = 0; x < plane->across; x += step, n += step * step) {
      const int end = plane->transform > TX_8X8 ? AV_RN16A(&plane->ends[n]) : plane->ends[n];
      if (!end) continue;
      const uint64_t squares = take(plane->coefficients + 16 * n, plane->transform, end);
      mgm_spread_energy(energy, plane->which, 8 * td->col + (4 * x << plane->ss_h),
                        8 * td->row + (4 * y << plane->ss_v), 4 * step << plane->ss_h,
                        4 * step << plane->ss_v, squares << shift);
    }
  }
}

void mgm_vp9_energy(const VP9TileData* td, MgmEnergy* energy) {
  const VP9Context* s = td->s;
  const VP9Block* b = td->b;
  if (b->skip || s->bytesperpixel > 1) return;
  const uint8_t* size = ff_vp9_bwh_tab[1][b->bs];
  Plane plane = {
      .coefficients = td->block,
      .ends = td->eob,
      .transform = b->tx,
      .across = FFMIN(2 * ((int)s->cols - td->col), 2 * size[0]),
      .down = FFMIN(2 * ((int)s->rows - td->row), 2 * size[1]),
      .which = MGM_LUMA,
  };
  take_plane(energy, td, &plane);
  plane.across >>= s->ss_h;
  plane.down >>= s->ss_v;
  plane.transform = b->uvtx;
  plane.ss_h = s->ss_h;
  plane.ss_v = s->ss_v;
  plane.which = MGM_CHROMA;
  for (int i = 0; i < 2; ++i) {
    plane.coefficients = td->uvblock[i];
    plane.ends = td->uveob[i];
    take_plane(energy, td, &plane);
  }
}
