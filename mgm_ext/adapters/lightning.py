"""Lightning: masks made on the device, after the batch was moved there.

    trainer = Trainer(callbacks=[MaskCallback("motion_guided", mask_ratio=0.75)])

The batch is a dict. Under "motion" it has the fields that the mask follows, and under "view" what
the trainer sees of each, as torch's default collation lists them; or `Motions(fields, views)`.
Masks of a name are made by the processor; a function in its place takes whatever "motion" is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .._arrays import check_count
from ..masks import batch_masks, seed_for
from ..masks.options import Source
from ..score import Score
from ..views import View
from .check_mask import check_mask

if TYPE_CHECKING:
    Callback = object
else:
    try:
        from lightning.pytorch import Callback
    except ImportError:
        try:
            from pytorch_lightning import Callback
        except ImportError:
            Callback = object  # LightningModule.on_after_batch_transfer can call `mask` itself

__all__ = ["MaskCallback", "Motions"]


class Motions:
    """Fields, scores or clips of a batch, which Lightning's transfer lets through as they are.

    It looks into lists and refuses the frozen values there.

    Args:
        items: one per clip.
        views: what the trainer sees of each, None for the whole picture; needless for scores, which
            have theirs.
    """

    def __init__(self, items: Iterable[Source], views: Iterable[View | None] | None = None) -> None:
        self.items = list(items)
        self.views = None if views is None else list(views)
        if self.views is not None:
            check_count("views", self.views, len(self.items))

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.items)


class MaskCallback(Callback):
    """Puts a mask into each batch; the seeds depend on epoch, batch and rank alone.

    Args:
        make: a name that `batch_masks` takes, or a function `(motion, seeds, **options)` of
            bool [B, S, R, C] on the batch's device, with seeds int64 [B].
        motion: key of the motion in the batch.
        view: key of the views in the batch, where the motion is a list.
        key: of the mask, bool [B, N].
        seed: in [0, 2^64).
        options: of the mask: grid, mask_ratio, ...
    """

    def __init__(
        self,
        make: str | Callable[..., torch.Tensor] = "motion_guided",
        *,
        motion: str = "motion",
        view: str = "view",
        key: str = "bool_masked_pos",
        seed: int = 0,
        **options: Any,
    ) -> None:
        self.make = make
        self.motion, self.view, self.key = motion, view, key
        self.seed = seed
        self.options = options

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, batch_idx: int) -> None:
        """Lightning's hook, after the transfer."""
        index = batch_idx * trainer.world_size + trainer.global_rank
        self.mask(batch, device=module.device, epoch=trainer.current_epoch, index=index)

    def on_validation_batch_start(
        self, trainer: Any, module: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Lightning's hook; every validation has the same masks."""
        index = batch_idx * trainer.world_size + trainer.global_rank
        self.mask(batch, device=module.device, epoch=0, index=index)

    def mask(
        self,
        batch: MutableMapping[str, Any],
        *,
        device: torch.device | str,
        epoch: int,
        index: int,
    ) -> None:
        """Adds the mask to a batch.

        Args:
            batch: a dict with the motion.
            device: of the mask.
            epoch: for the seeds.
            index: of the batch over all ranks, for the seeds.

        Raises:
            TypeError: the batch is no dict, or its motion neither `Motions` nor a list.
            KeyError: it has no motion.
            ValueError: fields come without views, or the mask is not what trainers take.
        """
        if not isinstance(batch, MutableMapping):
            raise TypeError(f"the batch must be a dict to take a mask, not {type(batch).__name__}")
        if self.motion not in batch:
            raise KeyError(f"the batch has no {self.motion!r}, only {sorted(batch)}")
        motion = batch[self.motion]
        if isinstance(self.make, str):
            motion = self._motions(motion, batch.get(self.view))
        count = len(motion[0]) if isinstance(motion, tuple) else len(motion)
        seeds = [seed_for(self.seed, epoch, index, i) for i in range(count)]
        made = self._made(motion, seeds, torch.device(device)).flatten(1)
        ratio = self.options.get("mask_ratio")
        batch[self.key] = check_mask(made, style="transformers", mask_ratio=ratio)

    def _motions(self, motion: Any, views: Any) -> Motions:
        """The motion with its views."""
        if not isinstance(motion, Motions | list | tuple):
            raise TypeError(
                f"{self.motion!r} must be Motions([...]) or a list, not {type(motion).__name__}"
            )
        made = motion if isinstance(motion, Motions) else Motions(motion, views)
        if made.views is None and not all(isinstance(item, Score) for item in made.items):
            raise ValueError(
                f"fields come without what the trainer sees of them: put a View for each into the "
                f"batch under {self.view!r}, or Motions(fields, views), None for a whole picture"
            )
        return made

    def _made(self, motion: Any, seeds: Sequence[int], device: torch.device) -> torch.Tensor:
        if isinstance(self.make, str):
            made = batch_masks(
                self.make, motion.items, seeds=seeds, views=motion.views, **self.options
            )
            return torch.from_numpy(made).to(device, non_blocking=True)
        signed = torch.from_numpy(np.array(seeds, np.uint64).view(np.int64)).to(device)
        return self.make(motion, signed, **self.options)
