#!/bin/bash
# Runs Python with a _core built under ASan and UBSan (FFmpeg and dav1d under ASan).
# Usage: sanitize.sh BUILD_FOLDER PYTHON_ARGUMENTS...
# Needs .venv with the test tools, as `make sanitize` sets it up. Everything built lies in BUILD_FOLDER: the cache of
# ordinary builds lends its sources and gets nothing.
set -euo pipefail

build=$1
shift
venv=$PWD/.venv
python=$venv/bin/python
export PATH=$venv/bin:$PATH

sources=${XDG_CACHE_HOME:-$HOME/.cache}/mgm-ext/sources
export XDG_CACHE_HOME=$PWD/$build/cache
mkdir -p "$XDG_CACHE_HOME/mgm-ext"
[ ! -d "$sources" ] || cp -rn "$sources" "$XDG_CACHE_HOME/mgm-ext"

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DMGM_SANITIZE=ON \
  -DPython_EXECUTABLE="$python" -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" >"$build.log"
cmake --build "$build"
site=$PWD/$build/site
rm -rf "$site"
cmake --install "$build" --prefix "$site" >/dev/null
(cd mgm_ext && find . -name "*.py" -exec cp --parents {} "$site/mgm_ext" \;)
cp -r tests "$site"
[ -e ../shared ] && ln -sfn "$(realpath ../shared)" "$build/shared"

# The venv's packages by path, not by its start-up files: those would put the ordinary build first.
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
base=$("$python" -c 'import sys; print(sys._base_executable)')
runtime=$(cc -print-file-name=libasan.so):$(cc -print-file-name=libubsan.so):$(cc -print-file-name=libstdc++.so)
cd "$site"
# Python itself frees little at its end, so leaks cannot be told; a too large allocation returns NULL, as malloc does.
PYTHONPATH=$site:$packages LD_PRELOAD=$runtime \
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:handle_segv=1 UBSAN_OPTIONS=print_stacktrace=1 \
  "$base" "$@"
