#include "costs.h"

#include <libavutil/error.h>
#include <stdlib.h>
#include <string.h>

void mgm_reset_costs(MgmCosts* costs) {
  *costs = (MgmCosts){.bits = costs->bits, .room = costs->room};
}

int mgm_begin_costs(MgmCosts* costs, int width, int height, int side) {
  mgm_reset_costs(costs);
  const int columns = (width + side - 1) / side;
  const int rows = (height + side - 1) / side;
  const size_t units = (size_t)columns * (size_t)rows;
  if (units > costs->room) {
    int32_t* bits = realloc(costs->bits, units * sizeof *bits);
    if (!bits) return AVERROR(ENOMEM);
    costs->bits = bits;
    costs->room = units;
  }
  memset(costs->bits, 0, units * sizeof *costs->bits);
  costs->side = side;
  costs->columns = columns;
  costs->rows = rows;
  return 0;
}

void mgm_spread_cost(MgmCosts* costs, int x, int y, int w, int h, int64_t bits) {
  if (!costs->side) return;
  const int left = x / costs->side, top = y / costs->side;
  int right = (x + w - 1) / costs->side + 1, bottom = (y + h - 1) / costs->side + 1;
  if (right > costs->columns) right = costs->columns;
  if (bottom > costs->rows) bottom = costs->rows;
  if (left >= right || top >= bottom) return;
  const int64_t units = (int64_t)(right - left) * (bottom - top);
  int64_t done = 0, unit = 0;
  for (int row = top; row < bottom; ++row) {
    for (int column = left; column < right; ++column) {
      const int64_t until = bits * ++unit / units;
      mgm_add_cost(costs, column, row, until - done);
      done = until;
    }
  }
}
