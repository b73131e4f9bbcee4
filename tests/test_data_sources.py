"""What a data set's clips are, however it is named: keys, order, parts, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mgm_ext.data import ShardError, clips_of
from mgm_ext.data.sources import parts_for, shards_of
from tests.data_sets import write_folder, write_parquet, write_tar

FILES = {"b/two.mp4": b"22", "one.MP4": b"1", "b/c/three.webm": b"333"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in {**FILES, ".hidden.mp4": b"", "labels.csv": b"x"}.items():
        path = tmp_path / "videos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "videos"


def found(source: Any) -> dict[str, bytes]:
    clips = list(clips_of(source))
    assert len({clip.key for clip in clips}) == len(clips)
    read = {}
    for clip in clips:
        data = clip.source
        read[clip.key] = Path(data).read_bytes() if isinstance(data, str) else data
        assert clip.size == len(read[clip.key])
    return read


def test_keys_of_a_folder_are_paths_below_it(folder: Path) -> None:
    assert found(folder) == FILES
    (folder / "b" / "loop").symlink_to(folder)
    assert found(str(folder)) == FILES


def test_keys_of_a_list_are_its_paths(folder: Path, tmp_path: Path) -> None:
    paths = [folder / name for name in FILES]
    want = {str(path): FILES[path.relative_to(folder).as_posix()] for path in paths}
    assert found(paths) == found([*paths, paths[0]]) == want
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(map(str, paths)) + "\n")
    assert found(listed) == want
    assert found(paths[0]) == {str(paths[0]): b"22"}


def test_keys_of_a_tar_are_those_of_webdataset(tmp_path: Path) -> None:
    files = {"a/000.mp4": b"0", "a/000.side.mp4": b"1", "a/001.cam.mp4": b"2", "x.txt": b"3"}
    write_tar(tmp_path / "s-000.tar", files)
    write_tar(tmp_path / "s-001.tar", {"b.mp4": b"4"})
    want = {"a/000": b"0", "a/000.side.mp4": b"1", "a/001": b"2", "b": b"4"}
    assert found(tmp_path / "s-{000..001}.tar") == want
    assert found(tmp_path / "s-*.tar") == found(tmp_path) == want
    assert [shard.name for shard in shards_of(tmp_path)] == ["s-000", "s-001"]


@pytest.mark.parametrize(
    ("columns", "keys"),
    [
        ({"video": [b"1", None], "other": ["a", "b"]}, ["00000000", "00000001"]),
        ({"mp4": [b"1", b"2"], "__key__": ["k", "l"]}, ["k", "l"]),
        ({"video": [{"bytes": b"1", "path": "p.mp4"}, {"bytes": b"2", "path": None}]},
         ["p.mp4", "00000001"]),
    ],
)  # fmt: skip
def test_keys_of_a_table(tmp_path: Path, columns: dict[str, Any], keys: list[str]) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns), path)
    read = found(path)
    assert list(read) == keys
    assert read[keys[0]] == b"1"


def test_rows_of_a_data_set_of_hugging_face() -> None:
    datasets = pytest.importorskip("datasets")
    rows = [{"video": {"bytes": b"1", "path": "a.mp4"}}, {"video": {"bytes": b"2", "path": None}}]
    dataset = datasets.Dataset.from_list(rows)
    assert found(dataset) == {"a.mp4": b"1", "00000001": b"2"}
    (shard,) = shards_of(dataset)
    assert (shard.name, shard.count()) == ("rows-000000000", 2)
    (other,) = shards_of(dataset.select([1]))
    assert other.digest() != shard.digest()
    with pytest.raises(ValueError, match="a streaming data set has no rows by number"):
        shards_of(dataset.to_iterable_dataset())


def test_parts_of_a_folder_are_chosen_by_the_keys_alone(folder: Path) -> None:
    before = {shard.name: shard.digest() for shard in shards_of(folder, parts=8)}
    (folder / "new.mp4").write_bytes(b"n")
    after = {shard.name: shard.digest() for shard in shards_of(folder, parts=8)}
    assert len(after) == 8
    assert sum(before[name] != after[name] for name in after) == 1
    assert [parts_for(count) for count in (0, 1, 1000, 1001, 5000, 2_000_000)] == [
        1,
        1,
        1,
        2,
        8,
        2048,
    ]


def cut(path: Path, size: int) -> Path:
    path.write_bytes(path.read_bytes()[:size])
    return path


def torn_header(tmp_path: Path) -> Path:
    path = write_tar(tmp_path / "t.tar", {"a.mp4": b"1" * 600, "b.mp4": b"2"})
    data = bytearray(path.read_bytes())
    data[512 + 1024 + 100] ^= 255  # amid the second header
    path.write_bytes(data)
    return path


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "nothing": (lambda p: p / "none.mp4", FileNotFoundError, "no such file or folder"),
    "no match": (lambda p: p / "*.tar", FileNotFoundError, "no file matches"),
    "empty folder": (lambda p: p, ValueError, "holds no video"),
    "empty list": (lambda _: [], ValueError, "the list of paths is empty"),
    "mixed folder": (
        lambda p: write_tar(write_folder(p, {"a.mp4": b""}) / "b.tar", {}).parent,
        ValueError,
        "holds 1 videos and 1 tars",
    ),
    "mixed list": (lambda _: ["a.mp4", "b.tar"], ValueError, "the list mixes"),
    "torn tar": (
        lambda p: cut(write_tar(p / "t.tar", {"a.mp4": b"1" * 9000}), 3000),
        ShardError,
        "no whole, uncompressed tar",
    ),
    "torn header": (torn_header, ShardError, "damaged header at byte"),
    "twice": (lambda p: twice(p / "t.tar"), ShardError, "holds a.mp4 twice"),
    "torn parquet": (
        lambda p: cut(write_parquet(p / "t.parquet", FILES), 100),
        ShardError,
        "no whole parquet file",
    ),
    "no bytes": (lambda p: table(p / "t.parquet", {"n": [1]}), ShardError, "one column of bytes"),
    "same keys": (
        lambda p: table(p / "t.parquet", {"v": [b"1", b"2"], "key": ["a", "a"]}),
        ShardError,
        "two rows with the key 'a'",
    ),
}


def table(path: Path, columns: dict[str, Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def twice(path: Path) -> Path:
    one = write_tar(path, {"a.mp4": b"1"}).read_bytes()
    members = one[: 4 * 512]  # two headers with their content
    path.write_bytes(members + one)
    return path


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_listed_whole_is_refused(case: str, tmp_path: Path) -> None:
    make, kind, text = BAD[case]
    with pytest.raises(kind, match=text):
        list(clips_of(make(tmp_path)))
