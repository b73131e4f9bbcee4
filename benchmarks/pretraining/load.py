"""The data sets, ready on a device."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from benchmarks.pretraining.grid_corpus import SPLITS, VOCABULARY, WINDOW, Sentences, read_shard
from benchmarks.pretraining.rendered import Plan, Store
from benchmarks.pretraining.samples import Ints, Labelled, Samples


def prepare_rendered(folder: Path, plan: Plan, *, devices: list[str], threads: int) -> None:
    """Makes the rendered set, a process per device; does nothing where it stands."""
    ready, wanted = folder / "ready", recipe_of(plan)
    if ready.exists() and ready.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    code = (
        "import sys; from pathlib import Path; "
        "from benchmarks.pretraining.render import Difficulty; "
        "from benchmarks.pretraining.rendered import Plan, Store; "
        f"store = Store(Path(sys.argv[1]), {plan!r}); "
        f"store.write_part(int(sys.argv[2]), {len(devices)}, sys.argv[3], {threads})"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(folder), str(part), device])
        for part, device in enumerate(devices)
    ]
    codes = [process.wait() for process in running]
    if any(codes):
        raise RuntimeError(f"rendering ended with {codes}")
    ready.write_text(wanted)


def recipe_of(plan: Plan) -> str:
    """The plan, and a hash of the code that draws it: what a set on disk was made from."""
    names = ("motions", "pictures", "render", "rendered")
    code = b"".join((Path(__file__).parent / f"{name}.py").read_bytes() for name in names)
    return f"{plan!r} {hashlib.sha256(code).hexdigest()}"


def load_rendered(
    folder: Path, name: str, plan: Plan, device: torch.device, crop: int, *, threads: int = 8
) -> Samples:
    """A rendered set; `crop` in pixels of the frames as read, half of those encoded."""
    if (folder / "ready").read_text() != recipe_of(plan):
        raise ValueError(f"{folder} holds another set than {plan}")
    video, alpha, fields = Store(folder, plan).read(device, threads)
    digest = hashlib.sha256()
    for clip in range(0, plan.total, max(1, plan.total // 128)):
        digest.update(video[clip].cpu().numpy().tobytes())
        if clip < plan.counts[0]:
            digest.update(alpha[clip].cpu().numpy().tobytes() + fields[clip].vectors.tobytes())
    labels = plan.labels()
    sizes = np.array([plan.scene_of(clip)[1].size for clip in range(plan.total)])
    labelled = {}
    first = 0
    for split, count in zip(("train", "validation", "test"), plan.counts, strict=True):
        clips = np.arange(first, first + count)
        zeros = np.zeros(count, np.int64)
        labelled[split] = Labelled(clips, zeros, labels[clips], zeros, sizes[clips])
        first += count
    return Samples(
        name=name,
        identity=digest.hexdigest()[:16],
        video=video,
        fields=fields,
        alpha=alpha,
        pretraining=np.arange(plan.counts[0]),
        frames=video.shape[1],
        crop=crop,
        view=crop,
        scale=2,
        labelled=labelled,
        classes=torch.ones(1, int(labels.max()) + 1, dtype=torch.bool, device=device),
    )


def load_grid(
    shard: Path, device: torch.device, *, view: int = 112, crop: int = 80, limit: int | None = None
) -> Samples:
    """The GRID speaker; crops of 80 of 128 pixels, so that the mouth may be anywhere."""
    sentences = read_shard(shard, limit=limit)
    digest = hashlib.sha256()
    for clip in range(0, len(sentences.fields), max(1, len(sentences.fields) // 64)):
        digest.update(sentences.frames[clip].tobytes() + sentences.fields[clip].vectors.tobytes())
    offsets = np.cumsum([0, *(len(words) for words in VOCABULARY)])
    classes = torch.zeros(6, int(offsets[-1]), dtype=torch.bool, device=device)
    for group in range(6):
        classes[group, offsets[group] : offsets[group + 1]] = True
    order = np.random.default_rng(3).permutation(sentences.spelt())
    ends = np.cumsum([round(share * len(order)) for share in SPLITS.values()])
    parts = np.split(order, ends[:-1])
    labelled = {
        split: _words(sentences, clips, offsets) for split, clips in zip(SPLITS, parts, strict=True)
    }
    return Samples(
        name="grid",
        identity=digest.hexdigest()[:16],
        video=torch.from_numpy(sentences.frames).to(device),
        fields=sentences.fields,
        alpha=None,
        pretraining=np.arange(len(sentences.fields)),
        frames=WINDOW,
        crop=crop,
        view=view,
        scale=1,
        labelled=labelled,
        classes=classes,
    )


def _words(sentences: Sentences, clips: Ints, offsets: Ints) -> Labelled:
    """Every word of some sentences, the positions by turns so that the first n hold all of them."""
    rows = [
        (
            clip,
            sentences.start_of(clip, position),
            offsets[position] + VOCABULARY[position].index(words[position][0]),
            position,
        )
        for clip in clips.tolist()
        for words in [sentences.words[clip]]
        for position in range(6)
    ]
    clip, start, label, group = np.array(rows, np.int64).T.copy()
    return Labelled(clip, start, label, group, np.full(len(rows), np.nan))
