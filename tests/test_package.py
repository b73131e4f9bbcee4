"""The package itself: who imports whom, what an import costs, and the public names."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import mgm_ext
from tests.conftest import ROOT
from tests.openings import own_import_seconds

PACKAGE = ROOT / "mgm_ext"

# Each module and those right below it: it may import these, and what they may import.
BELOW: dict[str, tuple[str, ...]] = {
    "errors": (),
    "_core": ("errors",),
    "_cuda": (),
    "_collate": (),
    "_arrays": ("_core",),
    "views": ("_arrays", "_collate"),
    "motion_vectors": ("_arrays",),
    "motion_field": ("views", "motion_vectors"),
    "contrast": ("motion_field",),
    "decode": ("motion_field",),
    "_coded_cells": ("views",),
    "block_costs": ("decode", "_coded_cells"),
    "played_at": ("motion_vectors",),
    "video_reader": ("decode", "played_at"),
    "texture": ("views",),
    "score": ("motion_field", "texture"),
    "signals": ("block_costs", "score"),
    "boxes": ("score",),
    "masks": ("boxes",),
    "batched": ("masks", "video_reader", "_cuda"),
    "adapters": ("batched", "data", "signals"),
    "visualise": ("batched",),
    "convert": ("batched",),
    "data": ("visualise",),
    "cli": ("adapters", "visualise", "convert", "contrast", "data"),
    "__main__": ("cli",),
}
# Heavy packages, and the only modules that may import them.
RESERVED = {
    "torch": {"batched", "adapters"},
    "av": {"visualise", "convert", "adapters"},
    "PIL": {"visualise", "convert"},
    "matplotlib": {"visualise", "convert"},
    "pyarrow": {"data", "cli", "adapters"},
}
FILES = sorted(p for suffix in ("py", "pyi") for p in PACKAGE.rglob(f"*.{suffix}"))
MODULES = [path for path in FILES if path != PACKAGE / "__init__.py"]


def room(path: Path) -> str:
    """The name in BELOW that a file belongs to: its folder under the package, or its own."""
    return path.relative_to(PACKAGE).parts[0].partition(".")[0]


def allowed(name: str) -> set[str]:
    return {name}.union(*(allowed(lower) for lower in BELOW[name]))


class RunningCode(ast.NodeTransformer):
    """Drops what only a type checker reads."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        checking = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if checking else self.generic_visit(node)


def imports(text: str, package: tuple[str, ...]) -> Iterator[str]:
    """Absolute dotted names of everything that a module of `package` imports, anywhere in it."""
    for node in ast.walk(RunningCode().visit(ast.parse(text))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def imports_of(path: Path) -> Iterator[str]:
    return imports(path.read_text(), ("mgm_ext", *path.relative_to(PACKAGE).parts[:-1]))


def own_imports(path: Path) -> Iterator[str]:
    """Rooms of this package that a file imports; "" for the package root itself."""
    for name in imports_of(path):
        if name.split(".")[0] == "mgm_ext":
            second = [*name.split("."), ""][1]
            exists = any((PACKAGE / f"{second}{end}").exists() for end in (".py", ".pyi", "/"))
            yield second if exists else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    name = room(path)
    assert name in BELOW, f"{name} has no place in the order of modules"
    wrong = set(own_imports(path)) - allowed(name)
    assert not wrong, f"{name} imports {wrong}; '' stands for the package root"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_packages_stay_in_their_modules(path: Path) -> None:
    used = {name.split(".")[0] for name in imports_of(path)} & set(RESERVED)
    wrong = {package for package in used if room(path) not in RESERVED[package]}
    assert not wrong


def test_every_way_to_import_is_seen() -> None:
    text = """
from .masks import a
from . import b
from ..score import c
import mgm_ext.cli
def f():
    import torch.nn
if TYPE_CHECKING:
    from .never import d
"""
    seen = list(imports(text, ("mgm_ext", "adapters")))
    assert seen == [
        "mgm_ext.adapters.masks.a",
        "mgm_ext.adapters.b",
        "mgm_ext.score.c",
        "mgm_ext.cli",
        "torch.nn",
    ]


def test_import_brings_neither_torch_nor_av() -> None:
    code = f"import sys, mgm_ext; print({set(RESERVED)} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_command_brings_pyarrow_only_where_it_is_needed() -> None:
    code = "import sys, mgm_ext.cli; print('pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_data_brings_neither_torch_nor_what_draws() -> None:
    code = "import sys, mgm_ext.data; print({'torch', 'av', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_own_share_of_the_import_is_under_30_milliseconds() -> None:
    assert own_import_seconds() < 0.030


def test_all_lists_every_public_name_in_order() -> None:
    public = [
        name
        for name, value in vars(mgm_ext).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "annotations"
    ]
    assert list(mgm_ext.__all__) == sorted(public)


@pytest.mark.parametrize("name", mgm_ext.__all__)
def test_every_public_name_has_a_docstring_of_its_own(name: str) -> None:
    value = getattr(mgm_ext, name)
    text = value.__doc__ or ""
    assert len(text) > 20
    generated = inspect.isclass(value) and text.startswith(f"{name}(")
    assert not generated, "a dataclass without a docstring shows its signature"


def test_the_api_page_lists_exactly_the_public_names() -> None:
    text = (ROOT / "docs" / "api" / "index.md").read_text()
    section = text.split("## Names\n")[1]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(mgm_ext.__all__)


def test_the_package_does_without_what_is_for_tests() -> None:
    assert not [path for path in PACKAGE.rglob("*.py") if "_testing" in path.read_text()]
