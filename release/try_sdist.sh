#!/bin/bash
# Makes the source archive and installs it where there is no network: from the two tarballs and the
# build's own tools. Usage: try_sdist.sh PYTHON FOLDER
set -euo pipefail

python=$1 folder=$2
rm -f "$folder"/mgm_ext-*.tar.gz
"$python" -m build --sdist --no-isolation --outdir "$folder"
sdist=$(ls "$folder"/mgm_ext-*.tar.gz)
"$python" -m twine check --strict "$sdist"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find="import pathlib, sources, sys; print(sources.find(sys.argv[1], tarball='', folder=pathlib.Path(sys.argv[2])).path)"
export MGM_FFMPEG_TARBALL MGM_DAV1D_TARBALL
kept=${XDG_CACHE_HOME:-$HOME/.cache}/mgm-ext/sources
MGM_FFMPEG_TARBALL=$(PYTHONPATH=cmake "$python" -c "$find" ffmpeg "$kept")
MGM_DAV1D_TARBALL=$(PYTHONPATH=cmake "$python" -c "$find" dav1d "$kept")
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip -q install --upgrade "pip>=25.1"
"$work/venv/bin/python" -m pip -q install --group build "numpy>=1.26" "tqdm>=4.60"

# A namespace of its own has a loopback that is down, and no route. The cache is empty as well.
XDG_CACHE_HOME=$work/cache PATH=$work/venv/bin:$PATH unshare --net --map-root-user bash -euc '
  test "$(wc -l </proc/net/route)" -le 1  # at most the heading
  "$0" -m pip install --no-index --no-build-isolation "$1"
  cd /
  "$0" -c "import mgm_ext; print(mgm_ext.__file__, mgm_ext.__version__, mgm_ext._core.build_info()[\"sources\"])"
' "$work/venv/bin/python" "$(realpath "$sdist")"
