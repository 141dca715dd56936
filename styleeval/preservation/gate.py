"""The gate: may a variant with this scorecard be shown? Thresholds per mode, reasons in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from styleeval.preservation.limit import Box, Limit
from styleeval.preservation.limits import LIMITS
from styleeval.preservation.report import Scorecard


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Limits on a scorecard; None is not checked. `LIMITS` says where each number is read.

    ssim, detail, silhouette, white_kept, mask_confidence: 0–1. perceptual: LPIPS or ST-LPIPS.
    delta_e, change, halo: ΔE. hue: degrees. displacement, outline_moved: pixels where scores are
    taken. edge: 0–1. shading: −1 to 1. worst: of the product's worst tile.
    """

    min_ssim: float | None = None
    min_worst_ssim: float | None = None
    min_detail: float | None = None
    min_worst_detail: float | None = None
    max_perceptual: float | None = None
    max_worst_perceptual: float | None = None
    max_delta_e: float | None = None
    max_delta_e_p95: float | None = None
    max_worst_delta_e: float | None = None
    max_hue: float | None = None
    max_worst_hue: float | None = None
    max_worst_displacement: float | None = None
    min_text: float | None = None
    min_characters: float | None = None
    min_worst_text: float | None = None
    min_shading: float | None = None
    min_silhouette: float | None = None
    max_displacement: float | None = None
    max_outline_lost: float | None = None
    max_outline_moved: float | None = None
    max_edge: float | None = None
    max_halo: float | None = None
    min_white_kept: float | None = None
    min_mask_confidence: float | None = None
    min_change: float | None = None
    min_change_outside: float | None = None


@dataclass(frozen=True)
class Reason:
    """Why a variant did not pass. code is stable; text is for the merchandiser; box says where
    to look, (x0, y0, x1, y1) in original pixels."""

    code: str
    text: str
    value: float
    limit: float
    box: Box | None = None


@dataclass(frozen=True)
class Verdict:
    """The gate's answer.

    burden: how much of what the product's limits allow was used by the one nearest to its limit:
    0 untouched, 1 at the limit. binding: that limit's code, empty when none was checked.
    """

    passed: bool
    reasons: tuple[Reason, ...] = ()
    burden: float = 0.0
    binding: str = ""


THRESHOLDS: Final[Mapping[str, Thresholds]] = MappingProxyType(
    {
        "background": Thresholds(
            min_worst_ssim=0.6,
            min_worst_detail=0.6,
            max_delta_e=3.0,
            max_worst_delta_e=6.0,
            max_hue=5.0,
            max_worst_hue=8.0,
            max_displacement=2.2,
            min_text=0.95,
            min_worst_text=0.9,
            min_characters=0.8,
            max_outline_lost=0.7,
            max_halo=3.5,
            min_mask_confidence=0.5,
            min_change_outside=5.0,
        ),
        "grade": Thresholds(
            min_worst_ssim=0.85,
            min_worst_detail=0.7,
            max_delta_e=6.0,
            max_delta_e_p95=12.0,
            max_worst_delta_e=12.0,
            max_hue=11.0,
            max_worst_hue=11.0,
            max_displacement=1.3,
            min_text=0.95,
            min_worst_text=0.9,
            min_characters=0.8,
            min_shading=0.98,
            max_outline_lost=0.6,
            max_halo=2.5,
            min_change=1.0,
        ),
        "artistic": Thresholds(
            min_worst_ssim=0.18,
            max_displacement=1.5,
            min_text=0.55,
            min_worst_text=0.47,
            min_characters=0.8,
            min_shading=0.85,
            max_outline_lost=0.6,
            max_halo=2.5,
            min_change=2.0,
        ),
        "fabric": Thresholds(
            min_shading=0.15,
            min_silhouette=0.92,
            max_outline_lost=0.6,
            max_outline_moved=3.0,
            max_halo=2.5,
            min_change=2.0,
            min_mask_confidence=0.5,
        ),
        "restore": Thresholds(
            min_worst_ssim=0.7,
            min_worst_detail=0.65,
            max_delta_e=4.0,
            max_worst_delta_e=11.0,
            max_hue=5.0,
            max_worst_hue=7.0,
            max_displacement=0.5,
            min_text=0.95,
            min_worst_text=0.9,
            min_characters=0.8,
            min_shading=0.98,
            max_outline_lost=0.6,
            max_halo=2.5,
        ),
    }
)
"""Limits by mode. docs/preservation.md says what each was measured against."""


WHITE_KEPT: Final = 0.99
"""Least `white_kept` where a style promises a white ground: along the edge it is mixed."""

LOCKED_FROM: Final = 0.8
"""A colour lock from here on promises the product's own colours."""

COLOUR_LOCKED: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "artistic": MappingProxyType(
            {
                "max_delta_e": 6.5,
                "max_worst_delta_e": 10.0,
                "max_hue": 5.0,
                "max_worst_hue": 8.0,
                "min_shading": 0.98,
            }
        )
    }
)
"""Limits that hold besides a mode's where a style locks the product's colours."""


def judge(card: Scorecard, mode: str | Thresholds) -> Verdict:
    """Hold a scorecard to a mode's thresholds, or to given ones. Raises KeyError."""
    limits = mode if isinstance(mode, Thresholds) else THRESHOLDS[mode]
    checked = list(_checked(card, limits))
    reasons = tuple(
        Reason(limit.code, limit.said(card, value, bound), value, bound, limit.box(card))
        for limit, value, bound in checked
        if not limit.holds(value, bound)
    )
    used = [
        (limit.burden(value, bound), limit.code)
        for limit, value, bound in checked
        if limit.of_product
    ]
    burden, binding = max(used, default=(0.0, ""))
    return Verdict(passed=not reasons, reasons=reasons, burden=burden, binding=binding)


def _checked(card: Scorecard, limits: Thresholds) -> Iterator[tuple[Limit, float, float]]:
    """Every limit that is set and has a number to hold it against."""
    for name, bound in dataclasses.asdict(limits).items():
        value = LIMITS[name].value(card)
        if bound is not None and value is not None:
            yield LIMITS[name], value, bound
