"""Checks that the linker's --wrap can take hold of every function that a tap gets in front of.

`--wrap=X` redirects undefined references only, and says nothing about a name that nobody refers to:
so X must be undefined in one object of the archives and defined in another one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import defaultdict


def read_symbols(nm: str, archives: list[str]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """For each symbol, the objects that need it and those that define it for others."""
    callers: dict[str, set[str]] = defaultdict(set)
    owners: dict[str, set[str]] = defaultdict(set)
    command = [nm, "--print-file-name", "--format=posix", *archives]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        place, _, rest = line.partition("]: ")
        symbol, kind = rest.split()[:2]
        if kind == "U":
            callers[symbol].add(place)
        elif kind in "TWV":
            owners[symbol].add(place)
    return callers, owners


def complaint(symbol: str, callers: set[str], owners: set[str]) -> str | None:
    """Why `symbol` is no seam, in one sentence; None when it is one."""
    if not owners:
        return f"{symbol} is defined in no object of FFmpeg or dav1d: is it misspelt?"
    if not callers:
        return f"{symbol} is only called within its own file, where --wrap has no effect."
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--archives", nargs="+", required=True)
    parser.add_argument("--symbols", nargs="*", default=[])
    arguments = parser.parse_args()
    callers, owners = read_symbols(arguments.nm, arguments.archives)
    reasons = [complaint(name, callers[name], owners[name]) for name in arguments.symbols]
    bad = [reason for reason in reasons if reason is not None]
    if bad:
        print("\n".join(bad), file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
