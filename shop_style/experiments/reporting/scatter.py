"""Products' lifts over a score, with the line through them, as numbers for inline SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from shop_style.experiments.reporting.axes import Tick, round_step, scale_of
from shop_style.experiments.reporting.fidelity import Fidelity

_WIDTH, _HEIGHT = 460, 244
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 446, 12, 218
_MOST: Final = 500


@dataclass(frozen=True, kw_only=True)
class Scatter:
    """Points, and the line's two ends."""

    title: str
    description: str
    points: tuple[tuple[float, float], ...]
    line: tuple[float, float, float, float]
    zero: float
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _RIGHT
    top: int = _TOP
    bottom: int = _BOTTOM
    plot_width: int = _RIGHT - _LEFT
    plot_height: int = _BOTTOM - _TOP


def score_names() -> dict[str, str]:
    """What scores are called."""
    return {
        "ssim": _("SSIM inside the product (1 is untouched)"),
        "delta_e": _("mean ΔE00 inside the product (0 is untouched)"),
        "perceptual": _("perceptual distance (0 is untouched)"),
    }


def scatter(found: Fidelity) -> Scatter:
    """The drawing of an arm's products."""
    scores = [score for score, _lift in found.points]
    low, high = min(scores), max(scores)
    span = (high - low) or 1.0

    def across(score: float) -> float:
        return round(_LEFT + 12 + (score - low) / span * (_RIGHT - _LEFT - 24), 1)

    line = found.association
    ends = [line.intercept + line.slope.estimate * score for score in (low, high)]
    lifts = sorted(math.expm1(lift) for _score, lift in found.points)
    # The outermost twentieth may lie beyond: one product with three clicks would flatten the rest.
    cut = len(lifts) // 20
    vertical = scale_of(
        [*lifts[cut : len(lifts) - cut], *map(math.expm1, ends)], start=_BOTTOM, end=_TOP
    )
    axis = score_names()[found.score]
    return Scatter(
        title=_("%(name)s: products’ lifts over the %(score)s")
        % {"name": found.name, "score": axis},
        description=_(
            "%(number)d products. The correlation is %(correlation)s; the table beside holds the "
            "line."
        )
        % {"number": line.products, "correlation": f"{line.correlation:+.2f}"},
        points=tuple(
            (across(score), vertical.at(math.expm1(lift))) for score, lift in found.points[:_MOST]
        ),
        line=(
            across(low),
            vertical.at(math.expm1(ends[0])),
            across(high),
            vertical.at(math.expm1(ends[1])),
        ),
        zero=vertical.at(0.0),
        across=tuple(_score_ticks(low, high, across)),
        up=vertical.ticks(signed=True),
    )


def _score_ticks(low: float, high: float, across: object) -> list[Tick]:
    assert callable(across)
    if low == high:
        return [Tick(at=across(low), label=f"{low:g}")]
    step = round_step(high - low, 5)
    first = math.ceil(low / step - 1e-9)
    return [
        Tick(at=across(number * step), label=f"{number * step:.6g}")
        for number in range(first, math.floor(high / step + 1e-9) + 1)
    ]
