"""Masks as trainers take them: one module per trainer family, and what they share.

`mgm_ext.adapters.NAME` for NAME in videomae, mae_dfer, mae_st, vjepa, transformers, attention,
omnimae, lightning, webdataset; `dataset` and `sampler` have ready data; `decord` and `mvextractor`
stand in for those libraries; `onevision` prepares videos for models that choose patches. What needs
no torch is here.
"""

from __future__ import annotations

from .check_mask import STYLES, check_mask
from .crops import CenterCrop, MultiScaleCrop, RandomResizedCrop, RecordedCrop
from .fallbacks import FallbackWarning, MaskSource, TooManyFallbacks
from .fields import FieldReader, field_for
from .sources import Motion, SafeMasking

__all__ = [
    "STYLES",
    "CenterCrop",
    "FallbackWarning",
    "FieldReader",
    "MaskSource",
    "Motion",
    "MultiScaleCrop",
    "RandomResizedCrop",
    "RecordedCrop",
    "SafeMasking",
    "TooManyFallbacks",
    "check_mask",
    "field_for",
]
