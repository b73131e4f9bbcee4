#include <algorithm>

#include "batch/batch_masks.hpp"
#include "parallel.hpp"

namespace mgm {

void ids_batch(const std::uint8_t* mask, std::int64_t clips, std::int64_t n, std::int64_t visible,
               std::int64_t* keep, std::int64_t* restore, int threads) {
  run_parallel(clips, threads, [&](std::int64_t clip) {
    const std::uint8_t* own = mask + clip * n;
    std::int64_t* kept = keep + clip * visible;
    std::int64_t shown = 0, hidden = n - std::count_if(own, own + n, [](auto m) { return m != 0; });
    std::fill_n(kept, visible, -1);
    for (std::int64_t i = 0; i < n; ++i) {
      if (own[i] == 0 && shown < visible) kept[shown] = i;
      restore[clip * n + i] = own[i] == 0 ? shown++ : hidden++;
    }
  });
}

}  // namespace mgm
