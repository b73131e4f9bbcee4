"""What the VideoMAE family's data sets really do is followed, or refused in one sentence."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import default_collate

from mgm_ext import Score, VideoReader, View, motion_guided_mask, seed_for
from mgm_ext.adapters import MaskSource, TooManyFallbacks
from mgm_ext.adapters.crop_search import locate
from mgm_ext.adapters.videomae import ClipContext, FollowedCompose, capture
from tests.conftest import EncodedClip
from tests.videomae_family import (
    Compose,
    DataAugmentationForVideoMAE,
    GroupMultiScaleCrop,
    GroupRandomHorizontalFlip,
    GroupRandomRotation,
    HybridVideoMAE,
    IdentityTransform,
    TubeMaskingGenerator,
    TubeWindowMaskingGenerator,
    VideoMAE,
    VideoMAEMulti,
)

pytestmark = pytest.mark.filterwarnings("ignore::mgm_ext.adapters.FallbackWarning")

GRID = (4, 4, 4)


def tube(v2: bool = False) -> TubeMaskingGenerator:
    return TubeMaskingGenerator(GRID, 0.75, v2)


def transform(crop: Any = None, generator: Any = ..., **options: Any) -> Any:
    made = tube(options.get("v2", False)) if generator is ... else generator
    return DataAugmentationForVideoMAE(crop or GroupMultiScaleCrop(64), made, **options)


@pytest.fixture(scope="module")
def corner(encoded_clip: EncodedClip) -> Path:
    """An object that moves in the upper left corner of noise-free ground."""
    options: dict[str, Any] = {"motion": (1, 0.5), "box": (4, 4, 36, 36), "size": (96, 128)}
    return encoded_clip("libx264", kind="object", num_frames=30, **options)


@pytest.fixture(scope="module")
def folder(corner: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same clip as a folder of pictures."""
    made = tmp_path_factory.mktemp("pictures")
    frames = VideoReader(corner).read_clip(np.arange(30)).frames
    assert frames is not None
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(made / f"img_{number:05}.png")
    return made


def test_folders_of_pictures_are_not_masked_by_the_video_before_them(
    corner: Path, folder: Path
) -> None:
    rows = [folder, corner, folder, folder]
    ours = capture(HybridVideoMAE(rows, transform(v2=True), num_sample=2))
    sources = []
    for index in range(4):
        views = ours[index]
        sources.append(ours.masks.source)
        assert all(mask.sum() == 48 for _, mask, _ in views)
    fallback = MaskSource.FALLBACK
    assert sources == [fallback, MaskSource.GUIDED, fallback, fallback]
    assert dict(ours.masks.masks.reasons) == {"frames that no followed reader read": 6}
    strict = capture(HybridVideoMAE([folder], transform(v2=True)), max_fallback=0.0005)
    with pytest.raises(TooManyFallbacks, match="frames that no followed reader read: 100%"):
        strict[0]


@pytest.mark.parametrize("from_store", [False, True])
@pytest.mark.parametrize("flip", [False, True])
def test_flips_after_the_crop_are_followed(from_store: bool, flip: bool, corner: Path) -> None:
    seen = set()
    for seed in range(6):
        steps = [GroupRandomHorizontalFlip(flip)]
        theirs = VideoMAE([corner], transform(after=steps), from_store=from_store)
        ours = capture(theirs, seed=5)
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        pixels, mask = ours[0]
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        same, _ = theirs[0]
        np.testing.assert_array_equal(pixels, same)
        random.seed(seed)
        w, h, x, y = GroupMultiScaleCrop(64)._sample_crop_size((128, 96))
        view = View((x, y, w, h), (64, 64), flip and random.random() < 0.5)
        np.random.seed(seed)  # noqa: NPY002
        clip = VideoReader(corner).read_clip(np.array(theirs._numbers(30)))
        expected = motion_guided_mask(clip, grid=GRID, view=view, seed=seed_for(5, 0, 0))
        np.testing.assert_array_equal(mask, expected.reshape(-1))
        seen.add(view.hflip)
    assert seen == ({False, True} if flip else {False})


def test_steps_that_cannot_be_followed_are_refused_by_name(corner: Path) -> None:
    turned = VideoMAE([corner], transform(after=[GroupRandomRotation()]))
    with pytest.raises(TypeError, match="GroupRandomRotation may move pixels, and is not followed"):
        capture(turned)
    capture(turned, in_place=["GroupRandomRotation"])[0]
    framewise = VideoMAE([corner], transform(GroupMultiScaleCrop(64, per_frame_crop=True)))
    with pytest.raises(TypeError, match=r"crops every frame elsewhere \(per_frame_crop\)"):
        capture(framewise)
    late = VideoMAE([corner], transform())
    ours = capture(late)
    late.transform.train_augmentation.per_frame_crop = True
    with pytest.raises(TypeError, match="per_frame_crop"):
        ours[0]
    bare = VideoMAE([corner], lambda images: images)
    with pytest.raises(TypeError, match="no transform with a mask generator"):
        capture(bare)
    loose = SimpleNamespace(masked_position_generator=tube())
    with pytest.raises(TypeError, match="SimpleNamespace holds no Compose"):
        capture(VideoMAE([corner], loose))
    elsewhere = SimpleNamespace(transform=transform(), __len__=lambda: 1)
    with pytest.raises(TypeError, match="reads by no reader of decord or torchcodec"):
        capture(_Sized(elsewhere.transform))


class _Sized:
    """Reads by nothing that is known."""

    __module__ = "json"

    def __init__(self, transform: Any) -> None:
        self.transform = transform

    def __len__(self) -> int:
        return 1


def test_slices_before_the_transform_are_followed(corner: Path) -> None:
    slices = ((5, 85), (37, 117))
    theirs = VideoMAE([corner], transform(IdentityTransform()), crop_idxs=slices)
    _, mask = capture(theirs, seed=2)[0]
    np.random.seed(0)  # noqa: NPY002
    sources = set()
    for offset in range(15):
        clip = VideoReader(corner).read_clip(np.arange(offset, offset + 16, 2))
        view = View((37, 5, 80, 80), (80, 80))
        made = motion_guided_mask(clip, grid=GRID, view=view, seed=seed_for(2, 0, 0))
        sources.add(made.tobytes())
    assert mask.astype(bool).tobytes() in sources


class GroupRandomCrop:
    """VideoMAE's: a cut without a resize."""

    def __call__(self, img_tuple: tuple[list[Any], Any]) -> tuple[list[Any], Any]:
        images, label = img_tuple
        x, y = random.randint(0, 64), random.randint(0, 32)
        return [image.crop((x, y, x + 64, y + 64)) for image in images], label


def test_cuts_are_found_by_their_pixels(corner: Path, encoded_clip: EncodedClip) -> None:
    flat = encoded_clip("libx264", kind=np.zeros((30, 96, 128, 3), np.uint8))
    ours = capture(VideoMAE([corner, flat], transform(GroupRandomCrop())), seed=7)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    _, mask = ours[0]
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    clip = VideoReader(corner).read_clip(np.array(ours._numbers(30)))
    view = View((random.randint(0, 64), random.randint(0, 32), 64, 64), (64, 64))
    expected = motion_guided_mask(clip, grid=GRID, view=view, seed=seed_for(7, 0, 0))
    np.testing.assert_array_equal(mask, expected.reshape(-1))
    ours[1]
    assert dict(ours.masks.masks.reasons) == {"place of the frames unknown": 1}
    context = ClipContext(clip)
    black = [Image.fromarray(np.zeros((96, 128, 3), np.uint8))] * 2
    with pytest.raises(RuntimeError, match="flat pictures do not say where they were cropped"):
        FollowedCompose(Compose([GroupRandomCrop()]))((black, context))


def test_a_place_is_found_by_pixels_or_not_at_all() -> None:
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 255, (30, 40, 3), np.uint8)
    assert locate([frame[3:23, 7:27]], [frame]) == (7, 3)
    assert locate([frame], [frame]) == (0, 0)
    flat = np.zeros_like(frame)
    assert locate([flat[3:23, 7:27]], [flat]) is None
    assert locate([flat[3:23, 7:27], frame[3:23, 7:27]], [flat, frame]) == (7, 3)
    for wrong in (frame[::-1], frame[:20, :20] + 1, np.zeros((50, 50, 3), np.uint8)):
        with pytest.raises(RuntimeError, match="not cropped from the frames that were read"):
            locate([wrong], [frame])


def test_two_clips_do_not_share_a_mask(corner: Path) -> None:
    ours = capture(VideoMAE([corner], transform(), num_segments=2))
    _, mask = capture(VideoMAE([corner], transform()))[0]
    assert mask.sum() == 48
    with pytest.raises(RuntimeError, match=r"16 images.* a clip has 8: one mask"):
        ours[0]


@pytest.mark.parametrize("mask", [None, "random", "block"])
def test_windows_keep_their_counts(mask: str | None, corner: Path) -> None:
    windows = TubeWindowMaskingGenerator((4, 10, 10), 0.75, (5, 10))
    ours = capture(VideoMAE([corner], transform(generator=windows)), mask=mask)
    counts = ours[0][1].reshape(4, 2, 50).sum(-1)
    assert mask is not None or (ours[0][1] != ours[0][1]).any(), "drawn anew"
    assert (counts == 37).all(), "int(0.75 * 50), as theirs; int(0.75 * 100) would be 75 of two"
    assert windows().reshape(4, 2, 50).sum(-1).tolist() == counts.tolist()
    with pytest.raises(ValueError, match="mask must be one of"):
        capture(VideoMAE([corner], transform(generator=windows)), mask="motion_guided")


def test_trainers_that_mask_in_the_model_get_the_score(corner: Path, folder: Path) -> None:
    theirs = HybridVideoMAE([corner, folder], transform(generator=None))
    with pytest.raises(TypeError, match=r"give input_size=args\.window_size"):
        capture(theirs)
    with pytest.raises(TypeError, match="draws its mask in the model"):
        capture(theirs, input_size=GRID, mask_ratio=0.8)
    ours = capture(theirs, input_size=GRID)
    (_, score), (_, still) = ours[0], ours[1]
    assert ours.masks.source is MaskSource.FALLBACK
    assert score.values.shape == still.values.shape == GRID
    assert score.values.max() > 0
    assert still.values.max() == 0
    pixels, scores = default_collate([(torch.zeros(1), score), (torch.zeros(1), still)])
    assert pixels.shape == (2, 1)
    assert [type(one) for one in scores] == [Score, Score]


def test_a_mask_that_no_motion_reached_is_refused(corner: Path) -> None:
    both = capture(VideoMAEMulti([corner], transform(), transform()))
    assert both[0][1].sum() == 48
    assert both.masks.source is MaskSource.GUIDED
    other = transform(generator=TubeMaskingGenerator(GRID, 0.5))
    with pytest.raises(TypeError, match=r"'transform_ssv2'\] mask differently"):
        capture(VideoMAEMulti([corner], transform(), other))
    hidden = capture(VideoMAEMulti([corner], transform(), lambda images: other(images)))
    with pytest.raises(RuntimeError, match=r"sample without transform.masked_position_generator"):
        hidden[0]


def test_what_replaces_what_is_printed(corner: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture(VideoMAE([corner], transform()))
    capture(VideoMAE([corner], transform()), mask="tube", mask_ratio=0.5)
    capture(VideoMAE([corner], transform(generator=None)), input_size=GRID)
    capture(VideoMAE([corner], transform()), quiet=True)
    assert capsys.readouterr().out.splitlines() == [
        "mgm_ext: TubeMaskingGenerator (48 of 64 tokens masked) is replaced by motion_guided: 48 "
        "of 64, as many",
        "mgm_ext: TubeMaskingGenerator (48 of 64 tokens masked) is replaced by tube: 32 of 64, "
        "mask_ratio=0.5, not the trainer's own",
        "mgm_ext: motion score of (4, 4, 4) tokens goes to the model in place of the model's own "
        "mask",
    ]


def test_trackmae_and_mgmae_are_one_line(corner: Path) -> None:
    options: dict[str, Any] = {"mask": "motion_topk", "visible_from_motion": 0.5}
    _, mask = capture(VideoMAE([corner], transform()), **options)[0]
    slots = mask.reshape(4, 16)
    assert (slots == slots[0]).all(), "a tube"
    theirs = VideoMAE([corner], transform())
    theirs.transform.init_mask_map_generator = InitialMap()
    del theirs.transform.masked_position_generator
    with pytest.raises(TypeError, match="give input_size"):
        capture(theirs)
    with pytest.raises(TypeError, match=r"give mask_ratio=args\.mask_ratio"):
        capture(theirs, input_size=GRID)
    assert capture(theirs, input_size=GRID, mask_ratio=0.8).masks.masks.masking.name == "tracked"


class InitialMap:
    """MGMAE's, of the base frame alone."""

    height, width, num_mask = 4, 4, 12

    def __call__(self) -> torch.Tensor:
        return torch.zeros(64, 64)
