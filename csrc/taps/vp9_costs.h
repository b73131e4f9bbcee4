/* The bits of VP9's blocks. */
#ifndef MGM_TAPS_VP9_COSTS_H
#define MGM_TAPS_VP9_COSTS_H

#include <libavcodec/vp9dec.h>

#include "picture_costs.h"

/* The picture's first block was parsed. */
void mgm_vp9_begin_costs(const VP9TileData* td, MgmPicture* picture);

/* The block that was parsed. */
void mgm_vp9_count(const VP9TileData* td, MgmPicture* picture);

#endif
