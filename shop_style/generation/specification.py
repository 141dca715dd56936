"""What a picture is made by: everything that decides its pixels, its verdict and its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shop_style.imaging.encode import Format
from shop_style.imaging.provenance import Region
from shop_style.transfer.engine import StyleSpec
from shop_style.transfer.registry import EngineEntry
from styleeval.preservation.gate import Thresholds


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides a variant's pixels and its verdict.

    colour_lock: how far the product keeps its own colours, 0–1. text_lock: does print stay?
    product_strength: share of the strength that the product takes, None for all of it.
    restore_first: is the photo cleaned up before it is styled?
    strength: in [0, 1], or None to search the largest that passes the gate.
    digest: the style's own, under which its prepared form is kept.
    """

    spec: StyleSpec
    entry: EngineEntry
    region: Region
    keep_white: bool
    strength: float | None
    thresholds: Thresholds
    digest: str
    colour_lock: float = 0.0
    product_strength: float | None = None
    text_lock: bool = False
    restore_first: bool = False


@dataclass(frozen=True, kw_only=True)
class Output:
    """Which renditions to make. widths in pixels; quality 1–100 by format."""

    widths: tuple[int, ...] = (320, 640, 1024)
    formats: tuple[Format, ...] = ("webp", "jpeg")
    quality: Mapping[str, int] = field(default_factory=lambda: {"avif": 70, "webp": 86, "jpeg": 90})
