#include "costs.h"

#include <libavutil/error.h>
#include <stdlib.h>
#include <string.h>

void mgm_reset_costs(MgmCosts* costs, int wanted) {
  *costs = (MgmCosts){.bits = costs->bits, .capacity = costs->capacity, .wanted = wanted};
}

int mgm_begin_costs(MgmCosts* costs, int width, int height, int side) {
  mgm_reset_costs(costs, costs->wanted);
  const int columns = (width + side - 1) / side;
  const int rows = (height + side - 1) / side;
  const size_t units = (size_t)columns * (size_t)rows;
  if (units > costs->capacity) {
    int32_t* bits = realloc(costs->bits, units * sizeof *bits);
    if (!bits) return AVERROR(ENOMEM);
    costs->bits = bits;
    costs->capacity = units;
  }
  memset(costs->bits, 0, units * sizeof *costs->bits);
  costs->side = side;
  costs->columns = columns;
  costs->rows = rows;
  return 0;
}

void mgm_spread_cost(MgmCosts* costs, int x, int y, int w, int h, int64_t bits) {
  if (bits < 0) costs->misread = 1;
  if (bits <= 0 || !costs->side) return;
  const int left = x / costs->side, top = y / costs->side;
  int right = (x + w - 1) / costs->side + 1, bottom = (y + h - 1) / costs->side + 1;
  if (right > costs->columns) right = costs->columns;
  if (bottom > costs->rows) bottom = costs->rows;
  if (left < 0 || top < 0 || left >= right || top >= bottom) return;
  const uint32_t units = (uint32_t)((right - left) * (bottom - top));
  const uint32_t share = (uint32_t)bits / units;
  uint32_t more = (uint32_t)bits % units; /* as many units get one more */
  for (int row = top; row < bottom && (share || more); ++row) {
    int32_t* unit = costs->bits + (size_t)row * (size_t)costs->columns;
    for (int column = left; column < right && share; ++column) unit[column] += (int32_t)share;
    for (int column = left; column < right && more; ++column, --more) ++unit[column];
  }
}
