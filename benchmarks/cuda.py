"""Masks on a GPU: against a device copy, plain torch, and torch's compiler. Prints and saves rows.

python -m benchmarks.cuda [--out results.json]

Times are medians of CUDA events around replayed graphs whose calls go through several copies of the
inputs, so that none is found in the L2 cache; eager torch is timed as it runs. Masks are compared
with the CPU's and with plain torch's before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mgm_ext import batched
from mgm_ext.batched import MotionBatch
from tests.reference import torch_smooth

GRID = torch_smooth.Grid(8, 14, 14)
K, SIZE = 147, (12, 12)
L2_BYTES = 60 << 20


def clip_batch(seed: int, clips: int, rows: int) -> tuple[MotionBatch, Tensor]:
    """Clips of 344 x 256 pixels in cells of 8: noise, and a faster block; every slot moves."""
    generator = torch.Generator(device="cuda").manual_seed(seed)

    def draw(low: int, high: int, *shape: int) -> Tensor:
        return torch.randint(low, high, shape, generator=generator, device="cuda")

    field = draw(-40, 41, clips, rows, 32, 43, 2)
    field[:, :, 8:14, 10:18] += 300
    field[draw(0, 10, clips, rows, 32, 43) == 0] = -32768
    view = torch.tensor([0.0, 0.0, 344.0, 256.0, 0.0], dtype=torch.float64, device="cuda")
    offsets = torch.arange(17, device="cuda") * rows // 16
    batch = MotionBatch(
        field=field.to(torch.int16),
        sizes=torch.tensor([[344, 256]], device="cuda").repeat(clips, 1),
        cells=torch.full((clips,), 8, device="cuda"),
        offsets=offsets.repeat(clips, 1),
        views=view.repeat(clips, 1),
        cuts=torch.zeros(clips, rows, dtype=torch.bool, device="cuda"),
        coded=draw(0, 2, clips, rows, 32, 43).bool(),
        row_frames=torch.arange(rows, device="cuda").repeat(clips, 1),
    )
    return batch, draw(-(1 << 62), 1 << 62, clips)


def elapsed(run: Callable[[], Any]) -> float:
    """Microseconds between two events around a call."""
    event: Any = torch.cuda.Event
    begin, end = event(enable_timing=True), event(enable_timing=True)
    begin.record()
    run()
    end.record()
    end.synchronize()
    return float(begin.elapsed_time(end)) * 1000


def timed(calls: Sequence[Callable[[], Any]], *, graph: bool = True, rounds: int = 30) -> float:
    """Median microseconds per call; graph: of all calls, captured once and replayed."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    with torch.cuda.stream(stream):
        for call in calls:
            call()
    torch.cuda.synchronize()
    if graph:
        captured = torch.cuda.CUDAGraph()
        with torch.cuda.graph(captured):
            kept = [call() for call in calls]
        run = captured.replay
    else:
        kept = []

        def run() -> None:
            kept[:] = [call() for call in calls]

    for _ in range(3):
        run()
    times = []
    for _ in range(rounds):
        times.append(elapsed(run) / len(calls))
    return statistics.median(times)


def plain_mask(batch: MotionBatch, seeds: Tensor) -> Tensor:
    return drawn_mask(batch, torch_smooth.drawn(seeds, GRID))


def drawn_mask(batch: MotionBatch, random: torch_smooth.Random) -> Tensor:
    given = (batch.field, batch.cells, batch.offsets, batch.views, batch.cuts)
    return torch_smooth.smooth_mask(*given, random, GRID, K, SIZE)


def smooth(batch: MotionBatch, seeds: Tensor) -> Tensor:
    return batched.motion_guided_mask(batch, seeds, preset="smooth")


def robust(batch: MotionBatch, seeds: Tensor) -> Tensor:
    return batched.motion_guided_mask(batch, seeds)


def assert_equal_first(batch: MotionBatch, seeds: Tensor) -> None:
    for mask in (smooth, robust):
        assert torch.equal(mask(batch, seeds).cpu(), mask(batch.to("cpu"), seeds.cpu()))
    assert torch.equal(smooth(batch, seeds), plain_mask(batch, seeds))


def of_fields(rows: int) -> dict[str, float]:
    """A batch of 256, in microseconds."""
    size = 256 * rows * 32 * 43 * 4
    count = max(3, -(-3 * L2_BYTES // size))
    inputs = [clip_batch(seed, 256, rows) for seed in range(count)]
    assert_equal_first(*inputs[0])
    targets = [torch.empty_like(inputs[0][0].field) for _ in range(count)]

    def calls(function: Callable[..., Any]) -> list[Callable[[], Any]]:
        return [partial(function, *one) for one in inputs]

    copies = [partial(t.copy_, s[0].field) for s, t in zip(inputs, targets, strict=True)]
    return {
        "field_bytes": size,
        "copy": timed(copies),
        "smooth": timed(calls(smooth)),
        "smooth_again": timed(calls(smooth)),
        "robust": timed(calls(robust)),
        "score_only": timed(calls(lambda b, s: batched.motion_score(*b[:7], camera="none"))),
        "eager_torch": timed(calls(plain_mask), graph=False, rounds=7),
    }


def of_compiler(rows: int) -> dict[str, float]:
    """The same rule under torch.compile, its random words given: with Philox in 64-bit integers the
    compiler does not end within minutes."""
    inputs = [clip_batch(seed, 256, rows) for seed in range(3)]
    given = [(batch, torch_smooth.drawn(seeds, GRID)) for batch, seeds in inputs]
    compiled = torch.compile(drawn_mask)
    assert torch.equal(compiled(*given[0]), smooth(*inputs[0]))
    return {
        "compiled_torch": timed([partial(compiled, *one) for one in given], graph=False, rounds=9),
        "smooth": timed([partial(smooth, *one) for one in inputs]),
    }


def of_few(rows: int) -> dict[str, float]:
    """A batch of 8: one mask per graph, replayed one after the other."""
    result = {}
    for name, mask in (("smooth", smooth), ("robust", robust)):
        batch, seeds = clip_batch(0, 8, rows)
        mask(batch, seeds)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            mask(batch, seeds)

        def replays(graph: torch.cuda.CUDAGraph = graph) -> None:
            for _ in range(20):
                graph.replay()

        times = [elapsed(replays) / 20 for _ in range(50)]
        result[f"{name}_graph"] = statistics.median(times)
        result[f"{name}_kernel"] = timed([partial(mask, batch, seeds)] * 20)
    return result


def of_keys() -> dict[str, float]:
    """select of [256, 1568] against topk and scatter."""
    keys = [torch.randint(-(1 << 40), 1 << 40, (256, 8, 14, 14), device="cuda") for _ in range(40)]

    def by_topk(flat: Tensor) -> Tensor:
        lowest = flat.topk(8 * K, dim=1, largest=False, sorted=False).indices
        mask = torch.zeros(flat.shape, dtype=torch.bool, device=flat.device)
        return mask.scatter_(1, lowest, True)

    assert torch.equal(
        batched.select(keys[0], 8 * K, "clip").flatten(1), by_topk(keys[0].flatten(1))
    )
    floats = [key.flatten(1).to(torch.float32) for key in keys]
    return {
        "select": timed([partial(batched.select, k, 8 * K, "clip") for k in keys]),
        "select_slots": timed([partial(batched.select, k, K) for k in keys]),
        "topk_scatter_int64": timed([partial(by_topk, k.flatten(1)) for k in keys]),
        "topk_scatter_float32": timed([partial(by_topk, k) for k in floats]),
    }


def of_others() -> dict[str, float]:
    """The other masks at B = 256, M = 64."""
    inputs = [clip_batch(seed, 256, 64) for seed in range(3)]
    scores = [batched.motion_score(*batch[:7]) for batch, _ in inputs]
    seeds = [one for _, one in inputs]
    frames = torch.randint(0, 256, (64, 16, 224, 224, 3), dtype=torch.uint8, device="cuda")
    sizes, views = inputs[0][0].sizes[:64], inputs[0][0].views[:64]
    pairs = list(zip(scores, seeds, strict=True))
    return {
        "tracked": timed([partial(batched.tracked_mask, *one) for one in inputs]),
        "topk": timed([partial(batched.motion_topk_mask, *p) for p in pairs]),
        "topk_drawn": timed(
            [partial(batched.motion_topk_mask, *p, temperature=0.5) for p in pairs]
        ),
        "path_of_score": timed([partial(batched.motion_guided_mask, *p) for p in pairs]),
        "affine_score": timed([partial(batched.motion_score, *b[:7]) for b, _ in inputs]),
        "simulated": timed([partial(batched.simulated_motion_mask, s) for s in seeds]),
        "random": timed([partial(batched.random_mask, s) for s in seeds]),
        "tube": timed([partial(batched.tube_mask, s) for s in seeds]),
        "texture_of_64_clips": timed(
            [partial(batched.token_texture, frames, sizes, views)] * 2, rounds=7
        ),
    }


def machine() -> dict[str, str]:
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    name, driver = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split(
        ", "
    )
    return {
        "gpu": name,
        "driver": driver.strip(),
        "torch": torch.__version__,
        "cuda": str(torch.version.cuda),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    out = parser.parse_args().out
    rows: dict[str, Any] = {"machine": machine()}
    parts: tuple[tuple[str, Callable[[], dict[str, float]]], ...] = (
        ("batch of 256, 16 rows", lambda: of_fields(16)),
        ("batch of 256, 64 rows", lambda: of_fields(64)),
        ("batch of 8, 16 rows", lambda: of_few(16)),
        ("batch of 8, 64 rows", lambda: of_few(64)),
        ("keys [256, 1568]", of_keys),
        ("others, batch of 256", of_others),
        ("compiled, 64 rows", lambda: of_compiler(64)),
        ("compiled, 16 rows", lambda: of_compiler(16)),
    )
    for name, make in parts:
        rows[name] = make()
        print(name, {key: round(value, 2) for key, value in rows[name].items()}, flush=True)
        if out is not None:
            out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
