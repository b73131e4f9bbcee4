// Runs numbered jobs on threads that begin and end inside the call.
#pragma once

#include <cstdint>
#include <functional>

namespace mgm {

// job(i) for i in [0, count), each once, in any order, on `threads` threads (the caller's
// included). When jobs throw, the exception of the lowest index is thrown again after all threads
// have ended.
void run_parallel(std::int64_t count, int threads, const std::function<void(std::int64_t)>& job);

}  // namespace mgm
