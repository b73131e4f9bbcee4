"""Pixels from the GPU's decoder (NVDEC), motion from a store or from the CPU: checked and timed.

    python examples/gpu_decode.py --make VIDEOS          # streams with B-frames, edit lists ...
    mgm-ext precompute VIDEOS -o SIDE                    # motion, once, beside the files
    python examples/gpu_decode.py VIDEOS --store SIDE    # NVDEC where it works, and the CPU

NVDEC gives no motion vectors. What ties its frames to ours is the frame's number: for each decoder
that can be opened the frames are compared with ours, picture by picture; then clips per second are
measured, with the processor cores that they take, of the files that agree. A file that the decoder
numbers otherwise is refused. Needs torch and torchcodec or PyNvVideoCodec; the store needs pyarrow.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from mgm_ext import MotionField, VideoReader, motion_guided_mask
from mgm_ext.adapters import field_for

FRAMES, STRIDE, NEAR = 16, 4, 3
KEPT = threading.local()


class Decoder(Protocol):
    """Frames of one video by number, uint8 [T, H, W, 3], on the decoder's device."""

    def __len__(self) -> int: ...

    def frames(self, indices: Sequence[int]) -> Tensor: ...


class TorchCodec:
    """torchcodec. seek_mode="exact": the others guess frame numbers from the frame rate."""

    def __init__(self, path: str, device: str) -> None:
        from torchcodec.decoders import VideoDecoder

        self._decoder = VideoDecoder(
            path, device=device, seek_mode="exact", dimension_order="NHWC", num_ffmpeg_threads=1
        )

    def __len__(self) -> int:
        return len(self._decoder)

    def frames(self, indices: Sequence[int]) -> Tensor:
        frames: Tensor = self._decoder.get_frames_at(list(indices)).data
        return frames


class PyNv:
    """PyNvVideoCodec. It leaves repeated numbers out, so they are asked for once.

    An edit list that cuts frames shifts its numbers: it seeks by packet and leaves out what is cut.
    Scanned metadata hide that; the header's number of frames, cut ones included, shows it.
    """

    def __init__(self, path: str) -> None:
        import PyNvVideoCodec as Nv

        self._decoder = Nv.SimpleDecoder(
            path,
            use_device_memory=True,
            need_scanned_stream_metadata=False,
            output_color_type=Nv.OutputColorType.RGB,
        )

    def __len__(self) -> int:
        return len(self._decoder)

    def frames(self, indices: Sequence[int]) -> Tensor:
        unique, places = np.unique(np.asarray(indices), return_inverse=True)
        decoded = self._decoder.get_batch_frames_by_index(unique.tolist())
        # The decoder takes its surfaces back: copy.
        frames = torch.stack([torch.utils.dlpack.from_dlpack(frame) for frame in decoded])
        return frames[torch.as_tensor(places, device=frames.device)]


class PyNvReused(PyNv):
    """One decoder a thread, turned to the next file: opening one anew takes longer than a clip."""

    def __init__(self, path: str) -> None:
        kept = getattr(KEPT, "decoder", None)
        if kept is None:
            super().__init__(path)
            KEPT.decoder = self._decoder
        else:
            self._decoder = kept
            self._decoder.reconfigure_decoder(path)


DECODERS: dict[str, Callable[[str], Decoder]] = {
    "torchcodec, NVDEC": lambda path: TorchCodec(path, "cuda"),
    "PyNvVideoCodec, NVDEC": PyNv,
    "PyNvVideoCodec, NVDEC, reused": PyNvReused,
    "torchcodec, CPU": lambda path: TorchCodec(path, "cpu"),
}


def offsets(path: str, decoder: Decoder) -> set[int]:
    """By how many frames the decoder's numbers differ from ours; {0}: they agree.

    Both convert colours their own way: of our frames of nearly that number the nearest is the same.
    """
    ours = VideoReader(path, size=(64, 64)).read_clip(range(len(VideoReader(path)))).frames
    assert ours is not None
    count = len(ours)
    if len(decoder) != count:
        return {len(decoder) - count}
    found = set()
    mine = torch.from_numpy(ours.copy()).float()
    for start in range(0, count, 32):
        numbers = range(start, min(start + 32, count))
        theirs = decoder.frames(numbers).permute(0, 3, 1, 2).float()
        small = torch.nn.functional.interpolate(theirs, (64, 64), mode="area").cpu()
        for place, number in enumerate(numbers):
            near = range(max(0, number - NEAR), min(count, number + NEAR + 1))
            apart = [(mine[i].permute(2, 0, 1) - small[place]).abs().mean().item() for i in near]
            found.add(near[int(np.argmin(apart))] - number)
    return found


def same_frames(path: str, decoder: Decoder) -> Decoder:
    """The decoder, where it counts as many frames as we do; elsewhere its numbers are not ours."""
    theirs, ours = len(decoder), len(VideoReader(path))
    if theirs != ours:
        raise ValueError(
            f"{path}: the decoder counts {theirs} frames where {ours} are shown, so its numbers "
            "name other frames; decode it on the CPU, or encode it anew without its edit list"
        )
    return decoder


def clip_of(
    path: str, indices: Sequence[int], open_decoder: Callable[[str], Decoder], motion: Motion
) -> tuple[Tensor, Tensor]:
    """A worker's sample: frames from the decoder, the mask from motion read elsewhere."""
    frames = same_frames(path, open_decoder(path)).frames(indices)
    mask = motion_guided_mask(motion(path, indices), seed=int(indices[0]))
    return frames, torch.from_numpy(mask)


Motion = Callable[[str, Sequence[int]], MotionField]


def motions(store: Path | None, root: Path) -> Iterator[tuple[str, Motion]]:
    """From the file on the CPU and, where there is one, from the store."""
    yield "field_for", lambda path, indices: field_for(path, indices)
    if store is not None:
        from mgm_ext.data import FieldStore

        fields = FieldStore(store)

        def stored(path: str, indices: Sequence[int]) -> MotionField:
            return fields.field(Path(path).relative_to(root).as_posix(), indices)

        yield "store", stored


def measure(
    paths: Sequence[str],
    open_decoder: Callable[[str], Decoder],
    motion: Motion,
    *,
    clips: int,
    threads: int,
) -> dict[str, float]:
    """Clips per second, and processor cores used meanwhile."""
    lengths = {path: len(VideoReader(path)) for path in paths}
    rng = np.random.default_rng(0)

    def one(number: int) -> None:
        path = paths[number % len(paths)]
        start = int(starts[number] * max(1, lengths[path] - STRIDE * FRAMES))
        wanted = np.minimum(start + STRIDE * np.arange(FRAMES), lengths[path] - 1).tolist()
        clip_of(path, wanted, open_decoder, motion)

    starts = rng.uniform(0, 1, clips + threads)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(threads)))  # warm
        began, cpu = time.perf_counter(), time.process_time()
        list(pool.map(one, range(threads, clips + threads)))
        if torch.cuda.is_available():
            torch.cuda.synchronize()
    spent, seconds = time.process_time() - cpu, time.perf_counter() - began
    return {"clips_per_second": round(clips / seconds, 1), "cores": round(spent / seconds, 2)}


def make(folder: Path) -> None:
    """Streams whose frame numbers are easy to get wrong, and two longer ones to time."""
    import av

    folder.mkdir(parents=True, exist_ok=True)
    ys, xs = np.mgrid[0:256, 0:344]

    def write(name: str, count: int, shift: Callable[[int], int], **options: str) -> None:
        edits = {"use_editlist": "1", "avoid_negative_ts": "disabled"}
        with av.open(str(folder / name), "w", options=edits) as out:
            stream = out.add_stream("libx264", rate=25, options={"g": "48", **options})
            stream.width, stream.height, stream.pix_fmt = 344, 256, "yuv420p"
            stream.time_base = Fraction(1, 12800)
            for t in range(count):
                waves = np.sin((xs - 4 * t) / 9) + np.sin((ys + xs // 2 - t) / 5)
                grey = (127 + 60 * waves).astype(np.uint8)
                frame = av.VideoFrame.from_ndarray(np.stack([grey] * 3, -1), format="rgb24")
                frame.pts, frame.time_base = 512 * t + shift(t), Fraction(1, 12800)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))

    write("b_frames.mp4", 64, lambda t: 0, bf="3")
    write("late_start.mp4", 64, lambda t: 512 * 7, bf="2")
    write("edit_list_cut.mp4", 64, lambda t: -512 * 5, bf="2")
    write("variable_rate.mp4", 64, lambda t: t * t * 20, bf="0")
    write("variable_rate_b.mp4", 64, lambda t: t * t * 20, bf="2")
    write("long.mp4", 300, lambda t: 0, bf="2")


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("videos", type=Path, help="a folder")
    parser.add_argument("--make", action="store_true", help="write test streams there (needs av)")
    parser.add_argument("--store", type=Path, help="of mgm-ext precompute VIDEOS -o SIDE")
    parser.add_argument("--clips", type=int, default=200, help="measured, for each line")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--decoders", nargs="+", choices=DECODERS, default=list(DECODERS))
    given = parser.parse_args(arguments)
    if given.make:
        make(given.videos)
        return {}
    paths = [str(path) for path in sorted(given.videos.glob("**/*.mp4"))]
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    if gpu is not None:
        torch.zeros(1, device="cuda")  # torch's context first: the decoders then share it
    found: dict[str, Any]
    said: dict[str, Any] = {"torch": torch.__version__, "gpu": gpu, "decoders": {}}
    for name in given.decoders:
        open_decoder, found = DECODERS[name], {"offsets": {}}
        said["decoders"][name] = found
        try:
            for path in paths:
                found["offsets"][Path(path).name] = sorted(offsets(path, open_decoder(path)))
        except Exception as error:  # whatever a driver says is the answer
            found["refused"] = f"{type(error).__name__}: {error}"
            continue
        timed = [path for path in paths if found["offsets"][Path(path).name] == [0]]
        if not timed:
            found["refused"] = "no file's frames have our numbers"
            continue
        for kind, motion in motions(given.store, given.videos):
            for threads in given.threads:
                found[f"{kind}, {threads} threads"] = measure(
                    timed, open_decoder, motion, clips=given.clips, threads=threads
                )
    print(json.dumps(said, indent=1))
    return said


if __name__ == "__main__":
    main()
