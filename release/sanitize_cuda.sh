#!/usr/bin/env bash
# The CUDA kernels under compute-sanitizer, on a machine with a GPU: no access outside of memory, no race in shared
# memory. Needs mgm_ext._cuda (make cuda).
#
#   bash release/sanitize_cuda.sh [PYTHON]
set -euo pipefail
cd "$(dirname "$0")/.."
export MGM_REQUIRE_CUDA=1 PYTORCH_NO_CUDA_MEMORY_CACHING=1
for tool in memcheck racecheck; do
  compute-sanitizer --tool "$tool" --kernel-regex kns=mgm --error-exitcode 9 \
    "${1:-python3}" -m pytest --noconftest -q -p no:cacheprovider tests/test_batched_cuda.py -k "usual or many or wrong"
done
