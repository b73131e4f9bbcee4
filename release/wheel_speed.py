"""A wheel against the module that this machine's own compiler made: processor time, in pairs.

    python wheel_speed.py WHEEL [--pairs 31]      ends with 1 where the wheel is over 3 % slower

Both are the wheel's files but for _core, which the second has from the installed mgm_ext. Each runs
in a process of its own, by turns, so that what slows the machine hits both of a pair.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import paired, regression
from mgm_ext import _core

SLOWEST = 1.03
SECONDS = 0.2  # of one sample, at least
# Reads where mgm_ext must be, and the paths; answers each later line, a number and how often
# to take that path, with the processor time of one.
WORKER = """
import json, time
site, texts = json.loads(sys.stdin.readline())
assert mgm_ext.__file__.startswith(site), mgm_ext.__file__
codes = [compile(text, text, "exec") for text in texts]
for line in sys.stdin:
    path, times = map(int, line.split())
    begin = time.process_time()
    for _ in range(times):
        exec(codes[path])
    print((time.process_time() - begin) / times, flush=True)
"""


class Worker:
    """A process that runs the paths with the mgm_ext of one folder."""

    def __init__(self, site: Path, clips: list[Path]) -> None:
        numpy = str(metadata.distribution("numpy").locate_file(""))
        # The base interpreter: a venv would put an editable install of mgm_ext first.
        command = [getattr(sys, "_base_executable", sys.executable), "-c"]
        command += [regression.SETUP + WORKER, *map(str, clips)]
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        environment = {"PYTHONPATH": os.pathsep.join([str(site), numpy]), **threads}
        self.child = subprocess.Popen(
            command,
            cwd=site,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._write(json.dumps([str(site), [*regression.PATHS.values()]]))

    def seconds(self, path: int, times: int) -> float:
        assert self.child.stdout is not None
        self._write(f"{path} {times}")
        return float(self.child.stdout.readline())

    def _write(self, line: str) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(f"{line}\n")
        self.child.stdin.flush()

    def end(self) -> None:
        self.child.communicate("")


def unpack(wheel: Path, folder: Path) -> tuple[Path, Path]:
    """The wheel's files, and the same with the installed _core."""
    sites = folder / "wheel", folder / "own"
    for site in sites:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
    (module,) = (sites[1] / "mgm_ext").glob("_core.*.so")
    if module.name != Path(_core.__file__).name:
        raise SystemExit(f"{wheel.name} is for another Python than {sys.executable}")
    shutil.copy(_core.__file__, module)
    return sites


def compare(workers: list[Worker], path: int, pairs: int) -> paired.Ratio:
    """The wheel's time over the own module's, above 1 where the wheel is slower."""
    times = 1
    while (spent := workers[1].seconds(path, times) * times) < SECONDS:
        times = max(times * 2, int(times * min(SECONDS / max(spent, 1e-9), 10)))
    taken = []
    for pair in range(pairs):
        seconds = [0.0, 0.0]
        for side in (0, 1) if pair % 2 else (1, 0):
            seconds[side] = workers[side].seconds(path, times)
        taken.append((seconds[0], seconds[1]))
    return paired.summary(taken, clock="cpu")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--pairs", type=int, default=31)
    arguments = parser.parse_args()
    slow = []
    print(f"{arguments.wheel.name} over {regression.compiler()}, processor time:")
    with tempfile.TemporaryDirectory(prefix="wheel-speed-") as temporary:
        sites = unpack(arguments.wheel, Path(temporary))
        clips = regression.make_clips(Path(temporary))
        workers = [Worker(site, clips) for site in sites]
        for number, name in enumerate(regression.PATHS):
            found = compare(workers, number, arguments.pairs)
            spread = f"{found.low:.3f} to {found.high:.3f}"
            print(f"  {name}: {found.median:.3f} ({spread}, {found.pairs} pairs)", flush=True)
            slow += [name] if found.median > SLOWEST else []
        for worker in workers:
            worker.end()
    if slow:
        print(f"Over {SLOWEST - 1:.0%} slower: {', '.join(slow)}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
