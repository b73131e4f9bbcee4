"""Batched operations on a GPU: every bit is the CPU's, in graphs and on streams too."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from mgm_ext import batched
from mgm_ext.batched import BatchScore, MotionBatch
from tests.batches import Drawn, random_batch

pytestmark = pytest.mark.cuda

BATCHES = 1000
SHARES = 20


def has_module() -> bool:
    try:
        import mgm_ext._cuda  # noqa: F401
    except ImportError:
        return False
    return True


def require_gpu() -> None:
    """Skips without a GPU or the module, unless one must be there."""
    if torch.cuda.is_available() and has_module():
        return
    if os.environ.get("MGM_REQUIRE_CUDA") == "1":
        pytest.fail("MGM_REQUIRE_CUDA=1, but there is no GPU or no mgm_ext._cuda")
    pytest.skip("needs a GPU and mgm_ext._cuda")


@pytest.fixture(autouse=True)
def gpu() -> None:
    require_gpu()


def options_of(random: np.random.Generator, grid: tuple[int, int, int]) -> dict[str, Any]:
    tokens = grid[1] * grid[2]
    low = float(random.uniform(0.3, 2))
    return {
        "mask_ratio": float(random.uniform(0.1, 0.95)),
        "num_masked": int(random.integers(1, tokens)) if random.random() < 0.3 else None,
        "count": str(random.choice(["floor_masked", "floor_kept"])),
        "fit": str(random.choice(["grow", "shift", "clip"])),
        "aspect": 1.0 if random.random() < 0.5 else (low, low * float(random.uniform(1, 3))),
        "first": str(random.choice(["motion", "random"])),
        "still": float(random.choice([0.0, 0.02, 1.0, 5.0])),
        "step": float(random.choice([0.0, 1.0, 2.5])),
    }


def results(drawn: Drawn, seed: int, device: str) -> dict[str, torch.Tensor]:
    """Everything that can be made of a batch; which options, depends on the seed alone."""
    random = np.random.default_rng(seed + 10**6)
    batch, seeds, grid = drawn.batch.to(device), drawn.seeds.to(device), drawn.grid
    weight, ignore = drawn.weight.to(device), drawn.ignore.to(device)
    camera = str(random.choice(["none", "median", "affine"]))
    chosen = [None, "coded", weight][int(random.integers(3))]
    ignored = ignore if random.random() < 0.5 else None
    options = options_of(random, grid)
    peaks = ("smooth", "block", "box", "path")
    score = batched.motion_score(*batch[:7], chosen, grid=grid, camera=camera, ignore=ignored)
    out = {f"score.{name}": tensor for name, tensor in score._asdict().items()}
    for peak in peaks:
        out[f"guided.{peak}"] = batched.motion_guided_mask(
            batch, seeds, grid=grid, camera=camera, weight="none" if chosen is None else chosen,
            ignore=ignored, peak=peak, **options,
        )  # fmt: skip
    plain = {k: v for k, v in options.items() if k in ("mask_ratio", "num_masked", "count")}
    aspect = {"aspect": options["aspect"]}
    out["of a score"] = batched.motion_guided_mask(
        score, seeds, peak=str(random.choice(peaks)), **options
    )
    walk = {name: options[name] for name in ("first", "still", "step", "mask_ratio", "aspect")}
    out["corners"] = batched.motion_boxes(
        score, seeds, batch.views, batch.sizes, peak=str(random.choice(peaks)), **walk
    )
    out["sources"] = batched.slot_sources(score, first=options["first"], still=options["still"])
    out["inverse"] = batched.inverse_motion_mask(score, seeds, **plain, **aspect)
    for name in ("fixed_box", "jumping_box"):
        out[name] = getattr(batched, f"{name}_mask")(seeds, grid=grid, **plain, **aspect)
    out["simulated"] = batched.simulated_motion_mask(
        seeds, grid=grid, step=options["step"], **plain, **aspect
    )
    for name in ("random", "frame_random", "tube"):
        out[name] = getattr(batched, f"{name}_mask")(seeds, grid=grid, **plain)
    scope = str(random.choice(["slot", "clip", "tube"]))
    warm = float(random.choice([0.01, 0.3, 5.0]))
    out["topk"] = batched.motion_topk_mask(score, seeds, scope=scope, **plain)
    out["drawn"] = batched.motion_topk_mask(score, seeds, scope=scope, temperature=warm, **plain)
    out["halves"] = batched.motion_topk_mask(
        score, seeds, visible_from_motion=float(random.uniform()), **plain
    )
    boxes = random.uniform(-50, 200, (len(seeds), grid[0], 3, 4))
    boxes[..., 2:] += boxes[..., :2]
    boxes[random.random(boxes.shape[:3]) < 0.4] = np.nan
    out["covered"] = batched.boxes_mask(
        torch.from_numpy(boxes).to(device), batch.views, seeds, grid=grid, scope=scope,
        score=score if random.random() < 0.5 else None, **plain,
    )  # fmt: skip
    few = random.integers(-2, 3, (len(seeds), *grid))
    out["selected"] = batched.select(torch.from_numpy(few).to(device), 3, scope, seeds=seeds)
    if all(len(field.vectors) for field in drawn.fields):
        out["tracked"] = batched.tracked_mask(batch, seeds, grid=grid, sigma=20.0, **plain)
    if batch.frames is not None:
        out["texture"] = batched.token_texture(batch.frames, batch.sizes, batch.views, grid=grid)
    out["keep"], out["restore"] = batched.ids(
        out["random"], num_visible=int(random.integers(9)) % (grid[0] * grid[1] * grid[2])
    )
    return out


def assert_same(got: dict[str, torch.Tensor], want: dict[str, torch.Tensor], note: str) -> None:
    assert got.keys() == want.keys()
    for name, tensor in want.items():
        assert got[name].dtype == tensor.dtype
        assert torch.equal(got[name].cpu(), tensor), f"{name}: {note}"


@pytest.mark.parametrize("share", range(SHARES))
def test_every_bit_is_the_cpus(share: int) -> None:
    for seed in range(share, BATCHES, SHARES):
        drawn = random_batch(seed, most_cells=90 if seed % 50 == 7 else 24, frames=seed % 5 == 0)
        assert_same(results(drawn, seed, "cuda"), results(drawn, seed, "cpu"), f"batch {seed}")


def test_usual_sizes_are_the_cpus() -> None:
    for seed in range(6):
        drawn = usual_batch(seed, clips=4, rows=(16, 64)[seed % 2])
        assert_same(results(drawn, seed, "cuda"), results(drawn, seed, "cpu"), f"batch {seed}")


def usual_batch(seed: int, *, clips: int, rows: int) -> Drawn:
    """Clips of 340 x 256 pixels in cells of 8, sixteen frames; some slots stand still."""
    generator = torch.Generator().manual_seed(seed)
    field = torch.randint(-40, 41, (clips, rows, 32, 43, 2), generator=generator)
    field[:, :, 8:14, 10:18] += 300
    field[torch.rand(clips, rows, 32, 43, generator=generator) < 0.1] = -32768
    field[::2, rows // 2 : 3 * rows // 4] = 0
    drawn = random_batch(seed, clips=clips)
    batch = MotionBatch(
        field=field.to(torch.int16),
        sizes=torch.tensor([[340, 256]] * clips),
        cells=torch.tensor([8] * clips),
        offsets=(torch.arange(17) * rows // 16).expand(clips, -1).contiguous(),
        views=torch.tensor([[42.0, 0.0, 256.0, 256.0, 0.0]] * clips, dtype=torch.float64),
        cuts=torch.rand(clips, rows, generator=generator) < 0.05,
        coded=torch.rand(clips, rows, 32, 43, generator=generator) < 0.5,
        row_frames=torch.arange(rows).expand(clips, -1).contiguous(),
    )
    weight = torch.randint(0, 65537, (clips, 8, 14, 14), generator=generator, dtype=torch.int32)
    fields = drawn.fields
    return Drawn(batch, fields, [], drawn.seeds, (8, 14, 14), weight, drawn.ignore, None)


def guided(batch: MotionBatch, seeds: torch.Tensor) -> list[torch.Tensor]:
    score: BatchScore = batched.motion_score(*batch[:7], grid=(8, 14, 14))
    return [
        batched.motion_guided_mask(batch, seeds, preset="smooth"),
        batched.motion_guided_mask(batch, seeds),
        batched.motion_topk_mask(score, seeds, temperature=0.5),
        batched.motion_boxes(score, seeds, batch.views, batch.sizes),
    ]


def test_graph_replays_with_new_inputs() -> None:
    first, second = (usual_batch(seed, clips=3, rows=16) for seed in (0, 1))
    batch, seeds = first.batch.to("cuda"), first.seeds.to("cuda")
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    with torch.cuda.stream(stream):
        guided(batch, seeds)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = guided(batch, seeds)
    for drawn in (second, first):
        for there, here in zip(batch, drawn.batch, strict=True):
            if there is not None and here is not None:
                there.copy_(here)
        seeds.copy_(drawn.seeds)
        graph.replay()
        want = guided(drawn.batch, drawn.seeds)
        assert all(torch.equal(a.cpu(), b) for a, b in zip(captured, want, strict=True))


def test_two_streams_do_not_meet() -> None:
    drawn = [usual_batch(seed, clips=8, rows=16) for seed in (0, 1)]
    want = [guided(d.batch, d.seeds) for d in drawn]
    inputs = [(d.batch.to("cuda"), d.seeds.to("cuda")) for d in drawn]
    streams = [torch.cuda.Stream() for _ in drawn]  # type: ignore[no-untyped-call]
    torch.cuda.synchronize()
    got: list[list[list[torch.Tensor]]] = [[], []]
    for _ in range(20):
        for i, stream in enumerate(streams):
            with torch.cuda.stream(stream):
                got[i].append(guided(*inputs[i]))
    torch.cuda.synchronize()
    for i in range(2):
        for masks in got[i]:
            assert all(torch.equal(a.cpu(), b) for a, b in zip(masks, want[i], strict=True))


@pytest.mark.filterwarnings("ignore")  # torch's own, of its compiler
def test_compiled_whole_graph_is_the_same() -> None:
    drawn = usual_batch(2, clips=2, rows=16)
    compiled: Callable[..., list[torch.Tensor]] = torch.compile(guided, fullgraph=True)
    got = compiled(drawn.batch.to("cuda"), drawn.seeds.to("cuda"))
    want = guided(drawn.batch, drawn.seeds)
    assert all(torch.equal(a.cpu(), b) for a, b in zip(got, want, strict=True))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast_changes_nothing(dtype: torch.dtype) -> None:
    drawn = usual_batch(3, clips=4, rows=16)
    batch, seeds = drawn.batch.to("cuda"), drawn.seeds.to("cuda")
    ones = torch.ones(8, 8, device="cuda")
    with torch.autocast("cuda", dtype=dtype):
        got = guided(batch, seeds)
        assert (ones @ ones).dtype == dtype
    want = guided(drawn.batch, drawn.seeds)
    assert all(torch.equal(a.cpu(), b) for a, b in zip(got, want, strict=True))


def many_batch(wide: int) -> Drawn:
    """More slots than a GPU has processors: clips of many sizes and lengths, views and cuts."""
    drawn = usual_batch(4, clips=96, rows=40)
    random = torch.Generator().manual_seed(4)
    x, y, w, h = torch.rand(4, 96, generator=random, dtype=torch.float64)
    corners = [240 * x - 40, 150 * y - 30, 60 + 300 * w, 50 + 180 * h]
    offsets = torch.randint(0, 41, (96, 17), generator=random).sort(1).values
    offsets[:, 0] = 0
    width = torch.randint(60, 8 * wide + 1, (96,), generator=random)
    height = torch.randint(60, 257, (96,), generator=random)
    field = drawn.batch.field.repeat(1, 1, 1, 4, 1)[:, :, :, :wide].contiguous()
    field[::3, :, 4:] = -32768
    field[1::3] *= 40  # squares of more than 24 bits
    batch = drawn.batch._replace(
        field=field,
        sizes=torch.stack([width, height], 1),
        views=torch.stack([*corners, (x > 0.5).double()], 1),
        offsets=offsets,
        coded=field[..., 0] > 0,
    )
    return replace(
        drawn, batch=batch, seeds=torch.randint(-(1 << 62), 1 << 62, (96,), generator=random)
    )


@pytest.mark.parametrize("wide", [43, 150])
def test_many_clips_at_once_are_the_cpus(wide: int) -> None:
    drawn = many_batch(wide)
    batch, seeds = drawn.batch.to("cuda"), drawn.seeds.to("cuda")
    for peak in ("smooth", "block", "box"):
        options: dict[str, Any] = {"preset": "smooth", "peak": peak, "first": "random"}
        got = batched.motion_guided_mask(batch, seeds, **options)
        assert torch.equal(
            got.cpu(), batched.motion_guided_mask(drawn.batch, drawn.seeds, **options)
        )
    for weight in (None, "coded"):
        scores = batched.motion_score(*batch[:7], weight, grid=(8, 14, 14), camera="none")
        want = batched.motion_score(*drawn.batch[:7], weight, grid=(8, 14, 14), camera="none")
        assert all(torch.equal(a.cpu(), b) for a, b in zip(scores, want, strict=True))


def test_other_device_is_named() -> None:
    drawn = usual_batch(0, clips=1, rows=16)
    batch = drawn.batch.to("cuda")
    with pytest.raises(ValueError, match="cuts must be on cuda:0, like the other tensors, not on"):
        batched.motion_score(*batch._replace(cuts=drawn.batch.cuts)[:7])


def test_wrong_contents_stay_inside_the_field() -> None:
    drawn = usual_batch(0, clips=2, rows=16)
    batch = drawn.batch._replace(
        offsets=torch.full_like(drawn.batch.offsets, 1 << 40),
        sizes=torch.full_like(drawn.batch.sizes, -5),
        cells=torch.zeros_like(drawn.batch.cells),
    ).to("cuda")
    for tensor in guided(batch, drawn.seeds.to("cuda")):
        assert tensor.cpu().shape[0] == 2
