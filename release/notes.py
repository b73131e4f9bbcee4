"""Checksums and the notes of a release.

python notes.py FOLDER OTHER_FOLDER    SHA256SUMS and notes.md into the second, of the files in both
"""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWN = {"SHA256SUMS", "notes.md"}


def changes(text: str, version: str) -> str:
    """The part of a changelog under the heading of this version."""
    heading = rf"^## \[?{re.escape(version)}(?![\w.]).*\n((?:(?!^## ).*\n?)*)"
    match = re.search(heading, text, re.MULTILINE)
    if match is None:
        raise SystemExit(f"CHANGELOG.md has no heading for {version}.")
    without_addresses = re.sub(r"^\[[^\]]+\]: .*\n?", "", match[1], flags=re.MULTILINE)
    return without_addresses.strip()


def checksums(files: list[Path]) -> str:
    """As sha256sum writes and reads them."""
    rows = ((hashlib.sha256(path.read_bytes()).hexdigest(), path.name) for path in files)
    return "".join(f"{digest}  {name}\n" for digest, name in rows)


def main() -> None:
    folders = [Path(word) for word in sys.argv[1:]]
    files = [path for folder in folders for path in sorted(folder.iterdir())]
    files = [path for path in files if path.name not in OWN]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    sums = checksums(files)
    (folders[-1] / "SHA256SUMS").write_text(sums)
    text = changes((ROOT / "CHANGELOG.md").read_text(), version)
    (folders[-1] / "notes.md").write_text(f"{text}\n\n## SHA-256\n\n```\n{sums}```\n")
    print(sums, end="")


if __name__ == "__main__":
    main()
