"""Masks as trainers take them: one module per trainer family, and what they share."""

from __future__ import annotations

from .check_mask import STYLES, check_mask

__all__ = ["STYLES", "check_mask"]
