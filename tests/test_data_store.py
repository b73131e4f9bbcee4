"""A field read back from a store is the field that the file gives, in every bit."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import mgm_ext
from mgm_ext.data import FieldStore, StoreError, merge, precompute, stored_clip
from mgm_ext.motion_field import WINDOWS, Window
from tests.children import in_child
from tests.conftest import EncodedClip, RealClip
from tests.data_sets import GOOD, assert_same_field, small_files, write_folder, write_tar


@pytest.fixture(scope="module")
def files(encoded_clip: EncodedClip) -> dict[str, bytes]:
    return small_files(encoded_clip)


@pytest.fixture(scope="module")
def folder(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("videos"), files)


@pytest.fixture(scope="module")
def store(folder: Path) -> FieldStore:
    precompute(folder, folder / "side", workers=1)
    return FieldStore(folder / "side")


@pytest.fixture(scope="module")
def tar_side(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("tars")
    write_tar(base / "s-000.tar", files)
    precompute(base / "s-000.tar", base / "side", cell=8, sidecar=True, workers=1)
    return base / "side"


def requests(count: int) -> Iterator[tuple[list[int] | None, Window]]:
    rng = np.random.default_rng(0)
    for window in WINDOWS:
        yield None, window
        yield list(range(0, count, 4)), window
        yield [0], window
        yield rng.integers(-count, count, 6).tolist(), window
        yield [5, 5, 2, -1], window


@pytest.mark.parametrize("key", GOOD)
def test_fields_are_those_of_a_live_read(store: FieldStore, folder: Path, key: str) -> None:
    path = next(folder.glob(f"{key}.*"))
    count = store.clip(path.name).num_frames
    assert count == len(mgm_ext.VideoReader(path))
    for indices, window in requests(count):
        want = mgm_ext.read_motion_field(path, frame_indices=indices, window=window, cell=16)
        assert_same_field(store.field(path.name, indices, window=window), want)


@pytest.mark.parametrize("name", ["bikes.mp4", "bigbuckbunny.mp4", "rotated_90.mov"])
def test_fields_of_real_clips_are_those_of_a_live_read(
    real_clip: RealClip, tmp_path: Path, name: str
) -> None:
    path = real_clip(name)
    precompute([path], tmp_path, cell="auto", workers=1)
    store = FieldStore(tmp_path)
    count = len(mgm_ext.VideoReader(path))
    for indices in (None, np.arange(0, count, 3), np.minimum(np.arange(7, 71, 2), count - 1)):
        want = mgm_ext.read_motion_field(path, frame_indices=indices)
        assert_same_field(store.field(str(path), indices), want)


def test_masks_of_crops_are_those_of_a_live_read(store: FieldStore, folder: Path) -> None:
    key = "moving.mp4"
    for start in (0, 3, 8):
        indices = range(start, start + 16)
        live = mgm_ext.read_motion_field(folder / key, frame_indices=indices, cell=16)
        for view in (None, mgm_ext.View((8, 4, 56, 56), (112, 112), hflip=True)):
            options = {"grid": (8, 7, 7), "view": view, "seed": start, "mask_ratio": 0.5}
            got = mgm_ext.motion_guided_mask(store.field(key, indices), **options)  # type: ignore[arg-type]
            want = mgm_ext.motion_guided_mask(live, **options)  # type: ignore[arg-type]
            np.testing.assert_array_equal(got, want)


def test_times_and_key_frames_are_those_of_the_reader(store: FieldStore, folder: Path) -> None:
    for key in GOOD:
        path = next(folder.glob(f"{key}.*"))
        reader, clip = mgm_ext.VideoReader(path), store.clip(path.name)
        np.testing.assert_array_equal(clip.frame_seconds, reader.frame_seconds)
        np.testing.assert_array_equal(clip.key_frames, reader.key_frames)
        assert clip.exact


def test_a_clip_without_a_field_raises_what_its_file_raises(
    store: FieldStore, folder: Path
) -> None:
    for key in ("mjpeg.avi", "empty.mp4", "broken.mp4"):
        with pytest.raises(mgm_ext.MgmError) as live:
            mgm_ext.read_motion_field(folder / key)
        with pytest.raises(type(live.value)) as stored:
            store.field(key, [0])
        assert live.value.reason in stored.value.reason  # type: ignore[attr-defined]
        assert key in str(stored.value)


def test_a_damaged_file_says_so(real_clip: RealClip, tmp_path: Path) -> None:
    path = real_clip("corrupted.mp4")
    precompute([path], tmp_path, workers=1)
    store = FieldStore(tmp_path)
    assert store.clip(str(path)).num_frames == len(mgm_ext.VideoReader(path))
    assert store.field(str(path), [0, 8]).damaged
    assert pickle.loads(pickle.dumps(store.field(str(path), [0, 8]))).damaged


def test_sidecar_members_hold_the_same_fields(tar_side: Path, files: dict[str, bytes]) -> None:
    store, sidecar = FieldStore(tar_side), FieldStore(tar_side / "s-000.mgf.tar")
    assert set(store.keys()) == set(sidecar.keys()) == {Path(name).stem for name in files}
    assert len(store) == len(sidecar) == len(files)
    for key in GOOD:
        data = next(data for name, data in files.items() if name.startswith(f"{key}."))
        want = mgm_ext.read_motion_field(data, frame_indices=[1, 5, 9], cell=8)
        assert_same_field(store.field(key, [1, 5, 9]), want)
        assert_same_field(sidecar.field(key, [1, 5, 9]), want)


def test_a_member_is_read_from_its_bytes(tar_side: Path) -> None:
    import tarfile

    with tarfile.open(tar_side / "s-000.mgf.tar") as archive:
        member = archive.extractfile("moving.mgf")
        assert member is not None
        data = member.read()
    clip = stored_clip(data)
    assert (clip.key, clip.num_frames, clip.codec) == ("moving", 24, "h264")
    with pytest.raises(StoreError, match="is no record of a clip"):
        stored_clip(data[: len(data) // 2])
    with pytest.raises(StoreError, match="is no record of a clip"):
        stored_clip(b"")


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_store_works_in_workers(store: FieldStore, method: str) -> None:
    got = in_child(_Field(store), method)  # type: ignore[arg-type]
    assert_same_field(got, store.field("moving.mp4", [0, 4]))


class _Field:
    def __init__(self, store: FieldStore) -> None:
        self.store = store

    def __call__(self) -> mgm_ext.MotionField:
        return self.store.field("moving.mp4", [0, 4])


def test_a_changed_byte_is_found(folder: Path, tmp_path: Path) -> None:
    precompute([folder / "moving.mp4"], tmp_path, workers=1)
    (path,) = tmp_path.glob("*.arrow")
    key = str(folder / "moving.mp4")
    batch = FieldStore(tmp_path).clip(key).batch
    packed = batch.column("blocks")[0].as_buffer().to_pybytes()
    del batch
    data = bytearray(path.read_bytes())
    data[data.find(packed) + len(packed) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"moving\.mp4: block \d+ of its rows is damaged"):
        FieldStore(tmp_path).field(key)


def test_the_index_is_used_only_for_the_files_that_it_knows(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    side = tmp_path / "side"
    for name in ("a", "b"):
        write_tar(tmp_path / f"{name}.tar", {f"{name}.mp4": files["moving.mp4"]})
    precompute(tmp_path / "a.tar", side, workers=1)
    assert len(merge(side)) == 1
    assert "a" in FieldStore(side)
    precompute([tmp_path / "b.tar"], side, workers=1)
    store = FieldStore(side)
    assert ["a" in store, "b" in store, "c" in store] == [True, True, False]
    merge(side)
    assert set(FieldStore(side).keys()) == {"a", "b"}


def test_a_key_of_two_shards_is_asked_for_with_its_shard(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    for name, file in (("a", "moving.mp4"), ("b", "b_frames.mp4")):
        write_tar(tmp_path / f"{name}.tar", {"x.mp4": files[file]})
    precompute(tmp_path / "{a,b}.tar", tmp_path / "side", workers=1)
    store = FieldStore(tmp_path / "side")
    with pytest.raises(KeyError, match=r"several clips with the key 'x'.*name its shard"):
        store.field("x")
    frames = [store.clip("x", shard=shard).num_frames for shard in ("a", "b")]
    assert frames == [24, 20]
    with pytest.raises(KeyError, match="no clip with the key 'y'"):
        store.field("y")


def test_requests_are_checked_as_live_ones(store: FieldStore) -> None:
    with pytest.raises(IndexError, match=r"frame index 24 is out of range: moving\.mp4 has 24"):
        store.field("moving.mp4", [24])
    with pytest.raises(ValueError, match="window must be one of"):
        store.field("moving.mp4", [1], window="none")  # type: ignore[arg-type]


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such store"):
        FieldStore(tmp_path / "none")
    with pytest.raises(StoreError, match=r"holds no \.arrow file"):
        FieldStore(tmp_path)
    (tmp_path / "x.arrow").write_bytes(b"ARROW1 and no more")
    with pytest.raises(StoreError, match="is no whole Arrow file"):
        FieldStore(tmp_path)
