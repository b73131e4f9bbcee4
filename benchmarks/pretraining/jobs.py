"""Lists of runs, and the rows they end in: one JSON line each."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.pretraining.arms import ARMS
from benchmarks.pretraining.rendered import PLANS


@dataclass(frozen=True)
class Job:
    """One run: `rendered tube 0.9 75 0`.

    Attributes:
        data: a key of PLANS, or "grid".
        arm: a key of ARMS; "none" for no pre-training (then ratio and epochs are 0).
        ratio: share of masked tokens.
        epochs: of pre-training, 12,288 samples each.
        seed: of weights, order, crops, masks and evaluation.
        frozen: evaluate on one frame repeated: what a single frame says.
    """

    data: str
    arm: str
    ratio: float
    epochs: int
    seed: int
    frozen: bool = False

    @classmethod
    def parse(cls, line: str) -> Job:
        """From a line of a list; a sixth word "frozen" sets that."""
        words = line.split()
        if len(words) not in (5, 6) or words[5:] not in ([], ["frozen"]):
            raise ValueError(f"a job is 'data arm ratio epochs seed [frozen]', not {line!r}")
        job = cls(
            words[0], words[1], float(words[2]), int(words[3]), int(words[4]), len(words) == 6
        )
        if job.data not in (*PLANS, "grid"):
            raise ValueError(f"data must be 'grid' or one of {tuple(PLANS)}, not {job.data!r}")
        if job.data == "grid" and job.arm.startswith("oracle"):
            raise ValueError(f"nobody knows the outline of GRID's mouths: {line!r}")
        if job.arm not in (*ARMS, "none"):
            raise ValueError(f"arm must be 'none' or one of {tuple(ARMS)}, not {job.arm!r}")
        return job

    @property
    def key(self) -> str:
        """What makes two runs the same run; a file name."""
        return "-".join(str(part) for part in asdict(self).values())

    def expected_seconds(self) -> float:
        """On an H100; corrected by the last runs of the list."""
        return 100 + 1.8 * self.epochs


def read_jobs(path: Path) -> list[Job]:
    """The jobs of a list; what follows a # is left out."""
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [Job.parse(line) for line in lines if line]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines; one that was cut off is left out."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text().splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def job_of(row: dict[str, Any]) -> Job:
    """The job that a row came from."""
    return Job(**row["job"])


def append_row(path: Path, row: dict[str, Any]) -> None:
    """Writes a row and waits until it is on the disk; several processes may."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("\n" + json.dumps(row) if _is_cut_off(path) else json.dumps(row))
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def _is_cut_off(path: Path) -> bool:
    """Whether an interrupted write left a line without its end."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return size > 0 and file.read() != b"\n"
