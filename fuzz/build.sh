#!/bin/bash
# Builds the fuzz targets with their seed corpora, as OSS-Fuzz calls it: the compiler and its flags, WORK, OUT and
# LIB_FUZZING_ENGINE come from there. By hand: `bash fuzz/build.sh`, then `build/fuzz/out/fuzz_probe`.
# Needs clang 16 or newer, nasm, meson, ninja and, for the seeds, PyAV (pip install --group build --group test-clips).
set -euo pipefail

cd "$(dirname "$0")/.."
CC=${CC:-clang} CXX=${CXX:-clang++}
CFLAGS=${CFLAGS:--O1 -g -fsanitize=fuzzer-no-link,address}
CXXFLAGS=${CXXFLAGS:-$CFLAGS}
export LIB_FUZZING_ENGINE=${LIB_FUZZING_ENGINE:--fsanitize=fuzzer}
python=${PYTHON:-python3}
work=${WORK:-$PWD/build/fuzz/work} out=${OUT:-$PWD/build/fuzz/out}
mkdir -p "$work/cache/mgm-ext" "$out"

# FFmpeg and dav1d are built by the same compiler, so that the fuzzer sees into them.
wrap() { # wrap NAME COMMAND...: a compiler that has its flags
  printf '#!/bin/sh\nexec %s "$@"\n' "${*:2}" >"$work/$1"
  chmod +x "$work/$1"
}
wrap cc "$CC" "$CFLAGS"
wrap c++ "$CXX" "$CXXFLAGS"
unset CC CXX CFLAGS CXXFLAGS
sources=${XDG_CACHE_HOME:-$HOME/.cache}/mgm-ext/sources
[ ! -d "$sources" ] || cp -rn "$sources" "$work/cache/mgm-ext"
export XDG_CACHE_HOME=$work/cache

cmake -S . -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DMGM_FUZZ=ON \
  -DCMAKE_C_COMPILER="$work/cc" -DCMAKE_CXX_COMPILER="$work/c++" \
  -DPython_EXECUTABLE="$("$python" -c "import sys; print(sys.executable)")"
cmake --build "$work/build"
"$python" -m tests.fuzz_seeds "$work/seeds"
for target in probe vectors field clip; do
  cp "$work/build/fuzz/fuzz_$target" "$out"
  (cd "$work/seeds" && "$python" -m zipfile -c "$out/fuzz_${target}_seed_corpus.zip" ./*)
  printf '[libfuzzer]\nmax_len = 65536\nrss_limit_mb = 2048\ntimeout = 10\n' >"$out/fuzz_$target.options"
done
