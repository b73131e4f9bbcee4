#include "energy.h"

#include <libavutil/error.h>
#include <stdlib.h>
#include <string.h>

void mgm_reset_energy(MgmEnergy* energy, int wanted) {
  *energy = (MgmEnergy){.cells = {energy->cells[0]}, .room = energy->room, .wanted = wanted};
}

int mgm_begin_energy(MgmEnergy* energy, int width, int height, int side) {
  mgm_reset_energy(energy, energy->wanted);
  const int columns = (width + side - 1) / side;
  const int rows = (height + side - 1) / side;
  const size_t cells = (size_t)columns * (size_t)rows;
  if (2 * cells > energy->room) {
    uint64_t* memory = realloc(energy->cells[0], 2 * cells * sizeof *memory);
    if (!memory) return AVERROR(ENOMEM);
    energy->cells[0] = memory;
    energy->room = 2 * cells;
  }
  memset(energy->cells[0], 0, 2 * cells * sizeof *energy->cells[0]);
  energy->cells[1] = energy->cells[0] + cells;
  energy->side = side;
  energy->columns = columns;
  energy->rows = rows;
  return 0;
}

void mgm_spread_energy(MgmEnergy* energy, int plane, int x, int y, int w, int h, uint64_t value) {
  if (!value) return;
  const int left = x / energy->side, top = y / energy->side;
  const int right = (x + w - 1) / energy->side, bottom = (y + h - 1) / energy->side;
  if (left == right && top == bottom) {
    mgm_add_energy(energy, plane, left, top, value);
    return;
  }
  const uint64_t share = value / (uint64_t)((right - left + 1) * (bottom - top + 1));
  for (int row = top; row <= bottom; ++row) {
    for (int column = left; column <= right; ++column) {
      mgm_add_energy(energy, plane, column, row, share);
    }
  }
}
