"""What a channel takes, and the presets that a shop starts from. Light: no models, no pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True)
class ChannelPolicy:
    """The rules of one place where pictures are shown. None, and an empty tuple, ask nothing.

    label: what people call it. untouched: takes the shop's own photo only, never a variant.
    approved: a person has approved it. gate: it passed its gate, whoever approved it.
    mark: a digital source type is written in the file. source_types: IPTC names of those taken,
    such as "trainedAlgorithmicMedia". modes: gates whose variants are taken.
    min_mask_confidence: how sure it is where the product is, 0–1.
    min_white_border: share of the border that is exactly white (255), 0–1.
    min_white_kept: share of the original's white ground that is no darker than it was, 0–1.
    min_fill: share of the picture's longer side that the product spans, 0–1.
    formats: file formats taken, the preferred one first.
    min_side: pixels of the shorter side; min_long_side, max_side: of the longer one.
    max_pixels: width × height. max_bytes: of the file. min_aspect, max_aspect: width over height.
    """

    slug: str
    label: Any
    untouched: bool = False
    approved: bool = True
    gate: bool = False
    mark: bool = True
    source_types: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    min_mask_confidence: float | None = None
    min_white_border: float | None = None
    min_white_kept: float | None = None
    min_fill: float | None = None
    formats: tuple[str, ...] = ("jpeg",)
    min_side: int | None = None
    min_long_side: int | None = None
    max_side: int | None = None
    max_pixels: int | None = None
    max_bytes: int | None = None
    min_aspect: float | None = None
    max_aspect: float | None = None


# docs/channels.md gives the source and date of every number.
_SHIPPED: Final = (
    ChannelPolicy(
        slug="marketplace-main",
        label=_("Marketplace main image"),
        untouched=True,
        approved=False,
        mark=False,
        min_mask_confidence=0.5,
        min_white_border=0.99,
        min_fill=0.85,
        min_side=500,
        min_long_side=1000,
        max_side=10_000,
        max_bytes=10_000_000,
    ),
    ChannelPolicy(
        slug="feed-lifestyle",
        label=_("Product feed, lifestyle image"),
        gate=True,
        # What is painted over, product and all, is no longer a picture of what is delivered.
        modes=("background", "grade", "restore"),
        min_side=500,
        max_pixels=64_000_000,
        max_bytes=16_000_000,
    ),
    ChannelPolicy(
        slug="storefront",
        label=_("Own storefront"),
        formats=("avif", "webp", "jpeg"),
    ),
    ChannelPolicy(
        slug="social",
        label=_("Social networks"),
        gate=True,
        min_side=315,
        min_long_side=600,
        max_bytes=8_000_000,
        min_aspect=0.8,
        max_aspect=1.91,
    ),
)

PRESETS: Final[Mapping[str, ChannelPolicy]] = {policy.slug: policy for policy in _SHIPPED}
