"""The project's pages in Markdown: their code, links and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

REPOSITORY = "https://github.com/mgm-ext/mgm-ext/blob/main/"
RAW = "https://raw.githubusercontent.com/mgm-ext/mgm-ext/main/"
TOP = sorted(ROOT.glob("*.md"))
PAGES = sorted((ROOT / "docs").rglob("*.md"))


def name_of(page: Path) -> str:
    """A page as a test names it."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    """The code of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def commands(page: Path) -> Iterator[str]:
    """Lines of shell, joined where they go on, without comments."""
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            command = re.sub(r"\s+#.*", "", line).strip()
            if command and not command.startswith("#"):
                yield command


def without_code(text: str) -> str:
    """A page's text without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def links(page: Path) -> Iterator[tuple[str, str]]:
    """Links and pictures of the repository: (path from the page's folder, anchor)."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
        for address in (REPOSITORY, RAW):
            if target.startswith(address):
                up = "../" * len(page.relative_to(ROOT).parents[:-1])
                target = f"{up}{target.removeprefix(address)}"
        if "://" not in target and not target.startswith("mailto:"):
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(page: Path) -> set[str]:
    """What can stand behind # of a page: its headings as GitHub and MyST write them."""
    headings = re.findall(r"^#{1,6} +(.+)$", without_code(page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
