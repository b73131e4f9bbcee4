"""Sphinx's settings: `make docs` builds the site of this folder into out/docs."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

project = "mgm-ext"
author = "the mgm-ext authors"
project_copyright = author
release = version = PROJECT["version"]
repository = PROJECT["urls"]["Repository"]
# Files at the top of the repository, and the pages that show them.
SHOWN = {
    "ARCHITECTURE.md": "develop/architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "develop/contributing.md",
    "RELEASE.md": "develop/release.md",
    "SECURITY.md": "develop/security.md",
}
exclude_patterns = [page for name, page in SHOWN.items() if not (ROOT / name).exists()]
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinxarg.ext",
]
source_suffix = {".md": "markdown"}

# Pages are read on the site and in the repository: links are relative paths to files there.
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_type_aliases = {
    name: name
    for name in ("ArrayLike", "NDArray", "Aspect", "Grid", "Mask", "Source", "DataSource")
}
autodoc_class_signature = "mixed"
python_maximum_signature_line_length = 88
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_attr_annotations = False
napoleon_custom_sections = [("Source", "notes_style")]

copybutton_prompt_text = "$ "

smartquotes = False  # quotes are those of code

html_theme = "furo"
html_title = "mgm-ext"
html_theme_options = {
    "source_repository": repository,
    "source_branch": "main",
    "source_directory": "docs/",
}
html_show_copyright = False
# Wide tables scroll inside the page, not with it; Furo does this for what it knows as tables.
html_static_path = ["_static"]
html_css_files = ["wide.css"]

ALIAS = re.compile(r"TypeAliasForwardRef\('(\w+)'\)")
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#:]+)(#[^)\s]*)?\)")


def on_the_site(text: str, base: Path, page: Path) -> str:
    """Markdown whose relative links lead from `page` to where they lead from the folder `base`.

    Files that have no page are linked in the repository.
    """

    def moved(found: re.Match[str]) -> str:
        bang, words, target, anchor = found[1], found[2], found[3], found[4] or ""
        path = Path(os.path.normpath(base / target))
        if not path.exists():
            return found[0]  # it stays, and is a warning
        if path.parent == ROOT and path.name in SHOWN:
            path = DOCS / SHOWN[path.name]
        if bang or (path.is_relative_to(DOCS) and path.suffix == ".md"):
            return f"{bang}[{words}]({os.path.relpath(path, page.parent)}{anchor})"
        kind = "tree" if path.is_dir() else "blob"
        return f"[{words}]({repository}/{kind}/main/{path.relative_to(ROOT)}{anchor})"

    return LINK.sub(moved, text)


def read_source(app: Sphinx, docname: str, source: list[str]) -> None:
    """Puts the shown files in the place of their pages, and turns links."""
    page = DOCS / f"{docname}.md"
    shown = {place: name for name, place in SHOWN.items()}.get(f"{docname}.md")
    if shown is None:
        source[0] = on_the_site(source[0], page.parent, page)
        return
    app.env.note_dependency(str(ROOT / shown))
    source[0] = on_the_site((ROOT / shown).read_text(), ROOT, page)


def name_aliases(*event: str | None) -> tuple[str | None, ...]:
    """A signature with the names of `autodoc_type_aliases` as the source has them."""
    return tuple(part and ALIAS.sub(r"\1", part) for part in event[-2:])


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", read_source)
    app.connect("autodoc-process-signature", name_aliases)
