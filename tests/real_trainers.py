"""Runs our lines in the real trainers and prints, or writes, the table of docs/trainers.

    python -m tests.real_trainers CHECKOUTS [--only NAME ...] [--write]

CHECKOUTS has a folder for each repository, named as on GitHub. The trainers' own dependencies
(torchvision, timm without its dependencies, einops, decord, opencv, pandas, ...) must be installed;
what is absent and not needed is stubbed, and the table says so. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

TRIALS = {
    "VideoMAE": ("videomae", "VideoMAE", "videomae"),
    "VideoMAEv2": ("videomae", "VideoMAEv2", "videomaev2"),
    "MAE-DFER": ("videomae", "MAE-DFER", "mae-dfer"),
    "TrackMAE": ("videomae", "TrackMAE", "trackmae"),
    "MGMAE": ("mgmae", "MGMAE", "mgmae"),
    "UMT": ("in_model", "unmasked_teacher", "umt"),
    "InternVideo2": ("in_model", "InternVideo", "internvideo2"),
    "EVEREST": ("in_model", "EVEREST", "everest"),
    "AdaMAE": ("in_model", "adamae", "adamae"),
    "MAE-ST": ("noise", "mae_st", "mae-st"),
    "SlowFast": ("noise", "SlowFast", "slowfast"),
    "lightly": ("noise", "lightly", "lightly"),
    "V-JEPA": ("jepa", "jepa", "v-jepa"),
    "V-JEPA 2": ("jepa", "vjepa2", "v-jepa2"),
    "OmniMAE": ("omni", "omnivore", "omnimae"),
    "Hugging Face": ("others", "", "huggingface"),
    "Lightning": ("others", "", "lightning"),
}
"""Name: (module of tests.real, folder of the checkout, page of docs/trainers)."""

LIBRARIES = ("transformers", "lightning")
LOGS = ("deepspeed", "skimage.metrics", "tensorboardX", "wandb")
OLD = ("numpy.lib.function_base", "torch._six", "torchvision.transforms.functional_tensor")
KINDS = {
    **dict.fromkeys(LOGS, "logging"),
    **dict.fromkeys(OLD, "modules that no longer exist"),
    "torch.cuda.synchronize": "calls of CUDA",
}
BEGIN, END = "<!-- table real_trainers -->", "<!-- end -->"


def one(name: str, checkouts: Path, work: Path) -> dict[str, Any]:
    """Tries one trainer, in this process."""
    module, folder, page = TRIALS[name]
    from tests.real import trial, world

    world.with_torchvision()
    world.cpu_only()
    made = importlib.import_module(f"tests.real.{module}")
    clips = world.make_clips(work)
    assert not (wrong := not_there(page, checkouts / folder)), f"{page}.md: not there: {wrong}"
    given = made.TRIALS[name](checkouts / folder, clips, work)
    row = given if isinstance(given, dict) else trial.tried(given)
    facts = {"commit": commit(checkouts / folder), "lines": lines_of(page), "page": page}
    return {**row, **facts, "stubbed": sorted(set(world.STUBBED))}


def diffs(page: str) -> list[str]:
    """The lines of a page's changes."""
    text = (ROOT / "docs" / "trainers" / f"{page}.md").read_text()
    blocks = re.findall(r"```diff\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def lines_of(page: str) -> int:
    """Lines that a page adds to the trainer's."""
    return sum(line.startswith("+") for line in diffs(page))


def not_there(page: str, folder: Path) -> list[str]:
    """Lines that a page takes away, or names beside its own, and the repository has not."""
    files = [p for p in folder.rglob("*") if p.suffix in (".py", ".yaml")]
    texts = [p.read_text(errors="ignore") for p in files]
    theirs = [line[1:].strip() for line in diffs(page) if not line.startswith("+")]
    return [line for line in theirs if not any(line in text for text in texts)]


def commit(folder: Path) -> str:
    """Of a checkout, where git knows it; of a library, its version."""
    if not (folder / ".git").exists():
        return ", ".join(f"{n} {importlib.metadata.version(n)}" for n in LIBRARIES)
    found = subprocess.run(
        ["git", "-C", str(folder), "log", "-1", "--format=%h"], capture_output=True, text=True
    )
    return found.stdout.strip() or "-"


def child(name: str, checkouts: Path, work: Path) -> dict[str, Any]:
    """The same in a process of its own: trainers share names of modules."""
    command = [sys.executable, "-m", "tests.real_trainers", str(checkouts), "--one", name]
    done = subprocess.run(
        [*command, "--work", str(work)], cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines:
        result: dict[str, Any] = json.loads(lines[-1])
        return result
    return {"failed": (done.stderr.strip().splitlines() or ["no output"])[-1][:200]}


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The rows in Markdown."""
    head = "| trainer | commit | masked of tokens | its ratio | object masked, flipped | "
    head += "pixels apart | other masks in the next epoch, for the same crops | loss | "
    head += "our lines | also followed or refused | stubbed |"
    lines = [head, "|" + " --- |" * 11]
    for name, row in rows.items():
        if "failed" in row:
            lines.append(f"| {name} | **failed**: {row['failed']} |" + " |" * 9)
            continue
        flipped = "-" if row["flipped"] < 0 else f"{row['flipped']:.2f}"
        cells = [
            f"[{name}]({row['page']}.md)",
            row["commit"],
            f"{row['masked']} of {row['tokens']}",
            f"{row['ratio']}",
            f"{row['place']:.2f}, {flipped}",
            f"{row['clips']:.4f}",
            ", ".join(f"{share:.0%}" for share in row["epochs"]),
            " to ".join(f"{loss:.3f}" for loss in row["loss"]),
            str(row["lines"]),
            ", ".join(row["also"]) or "-",
            ", ".join(stubs(row["stubbed"])) or "-",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def stubs(names: list[str]) -> list[str]:
    """What was stubbed, in few words: leaves of packages, and kinds of what does not matter."""
    leaves = [n for n in names if not any(other.startswith(f"{n}.") for other in names)]
    return sorted({KINDS.get(name, name) for name in leaves})


def write(rows: dict[str, dict[str, Any]]) -> None:
    """Puts rows into the table of docs/trainers/README.md; others stay."""
    page = ROOT / "docs" / "trainers" / "README.md"
    before, rest = page.read_text().split(BEGIN)
    old, after = rest.split(END, 1)
    known = {line.split("]")[0]: line for line in old.splitlines() if line.startswith("| [")}
    new = table(rows).splitlines()
    known.update({line.split("]")[0]: line for line in new[2:]})
    lines = [known[key] for name in TRIALS if (key := f"| [{name}") in known]
    page.write_text("\n".join([f"{before}{BEGIN}", *new[:2], *lines, f"{END}{after}"]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--only", nargs="+", default=list(TRIALS), choices=list(TRIALS))
    parser.add_argument("--write", action="store_true", help="into docs/trainers/README.md")
    parser.add_argument("--one", choices=list(TRIALS), help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(one(args.one, args.checkouts.resolve(), args.work)))
        return 0
    rows = {}
    with tempfile.TemporaryDirectory() as work:
        for name in args.only:
            rows[name] = child(name, args.checkouts, Path(work))
            print(name, rows[name], flush=True)
    print(table(rows))
    if args.write:
        write({name: row for name, row in rows.items() if "failed" not in row})
    return int(any("failed" in row for row in rows.values()))


if __name__ == "__main__":
    raise SystemExit(main())
