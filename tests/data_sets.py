"""Small data sets with a bad file of each kind, as a folder, a tar and a parquet file."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import mgm_ext
from tests.conftest import EncodedClip

FIELDS = ("vectors", "coded", "cuts", "row_frames", "sample_offsets")
FACTS = ("cell", "width", "height", "window", "damaged")
GOOD = ("moving", "still", "b_frames", "webm")


def small_files(encoded_clip: EncodedClip) -> dict[str, bytes]:
    """Good clips, an MJPEG, an empty, a broken and a hanging one, by file name."""
    size = (64, 96)
    made = {
        "moving.mp4": encoded_clip("libx264", kind="object", size=size, num_frames=24, g=12, bf=0),
        "still.mp4": encoded_clip("libx264", kind="still", size=size, num_frames=16, bf=0),
        "b_frames.mp4": encoded_clip("libx264", size=size, num_frames=20, bf=2, g=8),
        "webm.webm": encoded_clip("libvpx-vp9", size=size, num_frames=12),
        "mjpeg.avi": encoded_clip("mjpeg", size=size, num_frames=6),
    }
    files = {name: path.read_bytes() for name, path in made.items()}
    files |= {"empty.mp4": b"", "broken.mp4": b"no video at all" * 100}
    # Whole: the jobs of data_jobs.py hang on it.
    files["hang.mp4"] = files["still.mp4"]
    return files


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def write_tar(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            for member, content in ((name, data), (f"{Path(name).stem}.json", b"{}")):
                entry = tarfile.TarInfo(member)
                entry.size = len(content)
                archive.addfile(entry, BytesIO(content))
    return path


def write_parquet(path: Path, files: Mapping[str, bytes]) -> Path:
    """As Hugging Face's `datasets` writes videos."""
    videos = [{"bytes": data, "path": name} for name, data in files.items()]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    pq.write_table(pa.table({"video": pa.array(videos, kind), "label": range(len(files))}), path)
    return path


def assert_same_field(got: mgm_ext.MotionField, want: mgm_ext.MotionField) -> None:
    for name in FIELDS:
        one, other = getattr(got, name), getattr(want, name)
        assert one.dtype == other.dtype, name
        assert one.shape == other.shape, name
        assert one.tobytes() == other.tobytes(), name
    assert [getattr(got, name) for name in FACTS] == [getattr(want, name) for name in FACTS]
