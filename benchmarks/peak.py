"""Peak memory of one statement, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = """
import pathlib, re, sys
{setup}
path = sys.argv[1]
def peak():
    # Not getrusage: its figure starts with that of the process that started this one.
    return int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
before = peak()
{statement}
print(peak() - before)
"""
PYAV_DECODES = (
    "import av, numpy",
    """
with av.open(path) as container:
    container.streams.video[0].codec_context.thread_count = 1
    for frame in container.decode(video=0):
        pass
""",
)
PYAV_EXPORTS = (
    "from pathlib import Path; from benchmarks import rivals_decode",
    "rows = rivals_decode.pyav_rows(Path(path))",
)
FIELD = ("import mgm_ext", "found = mgm_ext.read_motion_field(path)")
VECTORS = (
    "import mgm_ext",
    'found = mgm_ext.read_motion_vectors(path, blocks="libavcodec")',
)


def mebibytes(path: Path, statements: tuple[str, str]) -> float:
    """How far the peak of resident memory rises from after the imports to after the statement."""
    program = PROGRAM.format(setup=statements[0], statement=statements[1])
    command = [sys.executable, "-W", "ignore", "-c", program, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return int(done.stdout) / 1024
