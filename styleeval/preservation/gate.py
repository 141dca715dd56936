"""The gate: may a variant with this scorecard be shown? Thresholds per mode, reasons in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from styleeval.preservation.report import Scorecard


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Limits on the product; None is not checked.

    min_ssim, min_worst_ssim: mean and worst tile of luma SSIM. max_perceptual: mean LPIPS or
    ST-LPIPS. max_delta_e, max_delta_e_p95: ΔE00. min_change: ΔE00 of the whole picture or of the
    product, whichever changed more; below it nothing was styled. min_mask_confidence: 0–1.
    """

    min_ssim: float | None = None
    min_worst_ssim: float | None = None
    max_perceptual: float | None = None
    max_delta_e: float | None = None
    max_delta_e_p95: float | None = None
    min_change: float | None = None
    min_mask_confidence: float | None = None


@dataclass(frozen=True)
class Reason:
    """Why a variant did not pass. code is stable; text is for the merchandiser."""

    code: str
    text: str
    value: float
    limit: float


@dataclass(frozen=True)
class Verdict:
    """The gate's answer."""

    passed: bool
    reasons: tuple[Reason, ...] = ()


THRESHOLDS: Final[Mapping[str, Thresholds]] = MappingProxyType(
    {
        "background": Thresholds(
            min_ssim=0.97,
            min_worst_ssim=0.90,
            max_perceptual=0.05,
            max_delta_e=2.0,
            max_delta_e_p95=6.0,
            min_change=1.0,
            min_mask_confidence=0.5,
        ),
        "grade": Thresholds(
            min_ssim=0.90,
            min_worst_ssim=0.75,
            max_delta_e=6.0,
            max_delta_e_p95=12.0,
            min_change=1.0,
        ),
        "artistic": Thresholds(min_ssim=0.45, min_worst_ssim=0.15, min_change=2.0),
        "fabric": Thresholds(min_change=2.0),
        "restore": Thresholds(
            min_ssim=0.85, min_worst_ssim=0.60, max_delta_e=4.0, max_delta_e_p95=10.0
        ),
    }
)
"""Limits by mode. docs/preservation.md says what each was measured against."""


def judge(card: Scorecard, mode: str | Thresholds) -> Verdict:
    """Hold a scorecard to a mode's thresholds, or to given ones. Raises KeyError."""
    limits = mode if isinstance(mode, Thresholds) else THRESHOLDS[mode]
    reasons = tuple(_reasons(card, limits))
    return Verdict(passed=not reasons, reasons=reasons)


def _reasons(card: Scorecard, limits: Thresholds) -> Iterator[Reason]:
    too_low = (
        (
            "mask_uncertain",
            "It is not sure where the product is, so it may have been painted over.",
            card.mask_confidence,
            limits.min_mask_confidence,
        ),
        (
            "structure",
            "The product's shape, texture or print has changed too much.",
            card.ssim.product,
            limits.min_ssim,
        ),
        (
            "structure_spot",
            "One spot of the product has lost its shape, texture or print.",
            card.ssim.worst_tile.value,
            limits.min_worst_ssim,
        ),
        (
            "unchanged",
            "The picture looks the same as the original; shoppers would see no difference.",
            max(card.delta_e.whole, card.delta_e.product),
            limits.min_change,
        ),
    )
    too_high = (
        (
            "perceptual",
            "The product looks like another product.",
            card.perceptual.product,
            limits.max_perceptual,
        ),
        (
            "colour",
            "The product's colour is no longer the colour that will be delivered.",
            card.delta_e.product,
            limits.max_delta_e,
        ),
        (
            "colour_spot",
            "Part of the product has taken a clearly different colour.",
            card.delta_e.product_p95,
            limits.max_delta_e_p95,
        ),
    )
    for code, text, value, limit in too_low:
        if limit is not None and not value >= limit:
            yield Reason(code, text, value, limit)
    for code, text, value, limit in too_high:
        if limit is not None and not value <= limit:
            yield Reason(code, text, value, limit)
