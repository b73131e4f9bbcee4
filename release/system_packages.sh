#!/bin/sh
# Installs the Debian packages that the build needs and this machine lacks, where it may (root, or
# sudo without a password); otherwise says in one sentence what to install. Arguments are further
# packages, each with a command of its name, or PACKAGE=COMMAND.
set -eu

missing=""
need() { # need PACKAGE COMMAND...: the package, unless the command succeeds
  package=$1
  shift
  "$@" >/dev/null 2>&1 || missing="$missing $package"
}

python=${PYTHON:-python3}
need make make --version
need g++ c++ --version
case $(uname -m) in x86_64 | i?86) need nasm nasm --version ;; esac
need python3-venv "$python" -c 'import ensurepip, venv'
need python3-dev "$python" -c '
import pathlib, sys, sysconfig
sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())'
for package in "$@"; do need "${package%%=*}" "${package#*=}" --version; done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  as_root="sudo"
else
  echo "Missing Debian packages; install them with: apt-get install$missing" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "Missing tools; install what Debian calls:$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -q update
# shellcheck disable=SC2086  # a list of words
$as_root apt-get -q install -y --no-install-recommends $missing
