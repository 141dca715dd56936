"""A scorecard as a few numbers that a person could name: how far each side of it went."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from styleeval.acceptance.errors import CardUnreadable
from styleeval.preservation.gate import THRESHOLDS
from styleeval.preservation.limits import LIMITS
from styleeval.preservation.report import Scorecard
from styleeval.sentence import gettext_noop

UNMEASURED: Final = math.nan

_SAME_FAMILY: Final = {
    "geometry": "form",
    "moved": "form",
    "silhouette": "form",
    "edge": "form",
    "outline_lost": "form",
    "outline_moved": "form",
    "characters": "text",
}
_PARTS: Final = ("_spot", "_part", "_line")
_MOST: Final = 50.0
"""Burdens above are all the same disaster."""

SCALES: Final[Mapping[str, float]] = MappingProxyType(
    {
        "min_ssim": 0.9,
        "min_worst_ssim": 0.7,
        "min_detail": 0.7,
        "min_worst_detail": 0.5,
        "max_perceptual": 0.15,
        "max_worst_perceptual": 0.3,
        "max_delta_e": 4.0,
        "max_delta_e_p95": 10.0,
        "max_worst_delta_e": 12.0,
        "max_hue": 10.0,
        "max_worst_hue": 15.0,
        "max_worst_displacement": 4.0,
        "max_displacement": 1.0,
        "min_text": 0.6,
        "min_worst_text": 0.4,
        "min_characters": 0.8,
        "min_shading": 0.8,
        "min_silhouette": 0.98,
        "max_outline_lost": 0.3,
        "max_outline_moved": 3.0,
        "max_edge": 0.15,
        "max_halo": 10.0,
        "min_white_kept": 0.99,
    }
)
"""What a value is held against where its mode sets no limit: the order of the shipped limits."""

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "structure": gettext_noop("shape, texture or print changed"),
        "detail": gettext_noop("fine detail lost"),
        "perceptual": gettext_noop("looks like another product"),
        "colour": gettext_noop("colour away from the original's"),
        "hue": gettext_noop("hue turned"),
        "text": gettext_noop("print no longer readable"),
        "shading": gettext_noop("light and shade of the product changed"),
        "form": gettext_noop("product bent, or its outline changed or ragged"),
        "halo": gettext_noop("rim of another colour around the product"),
        "white": gettext_noop("white ground no longer white"),
        "mask": gettext_noop("unsure where the product is"),
        "change": gettext_noop("a strong look"),
        "ground": gettext_noop("a strong look of the ground"),
        "outline_unseen": gettext_noop("outline cannot be told from the ground"),
        "no_white_ground": gettext_noop("no white ground in the original"),
    }
)
"""What a larger value of each feature means. `mode_…` are 1 in their mode."""


def _family(code: str) -> str:
    for part in _PARTS:
        code = code.removesuffix(part)
    return _SAME_FAMILY.get(code, code)


def _families() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, limit in LIMITS.items():
        if limit.of_product:
            family = _family(limit.code)
            found[family] = (*found.get(family, ()), name)
    return found


FAMILIES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(_families())
"""Limits that ask the same of mean, tail and worst spot, by family."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a model takes of one variant.

    values: by feature, NaN where the card has no number. metric: of the perceptual distance;
    two metrics' numbers must not be compared.
    """

    values: Mapping[str, float]
    mode: str
    metric: str


def bounds_of(mode: str) -> dict[str, float]:
    """What each limit's value is held against in a mode: its limit, else `SCALES`."""
    own = dataclasses.asdict(THRESHOLDS[mode]) if mode in THRESHOLDS else {}
    set_here = {name: bound for name, bound in own.items() if bound is not None}
    names = [name for family in FAMILIES.values() for name in family]
    held = {name: set_here.get(name, SCALES.get(name)) for name in names}
    return {name: bound for name, bound in held.items() if bound is not None}


def features(
    card: Mapping[str, Any], mode: str, bounds: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The features of a scorecard as `Scorecard.as_dict` gives it; larger is further away.

    A family's value is log(1 + burden) of its worst limit: 0 is untouched, 0.69 at the limit.
    bounds: limits by name, those of the mode (`bounds_of`) where not given; a stored model brings
    its own, so that limits changed later do not change what was learned. NaN where the card has
    no number. Raises CardUnreadable.
    """
    return dict(read(card, mode, bounds).values)


def read(card: Mapping[str, Any], mode: str, bounds: Mapping[str, float] | None = None) -> Reading:
    """`features`, with what a model must know beside them. Raises CardUnreadable."""
    try:
        found = Scorecard.from_dict(card)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CardUnreadable(f"this scorecard cannot be read: {error}; score again") from error
    held = bounds_of(mode) if bounds is None else bounds
    values = {family: _burden(found, names, held) for family, names in FAMILIES.items()}
    values["mask"] = 1 - found.mask_confidence
    values["change"] = math.log1p(max(found.delta_e.whole, found.delta_e.product))
    values["ground"] = _log1p(found.delta_e.outside)
    values["outline_unseen"] = float(found.edge is None)
    values["no_white_ground"] = float(found.white_kept is None)
    values[f"mode_{mode}"] = 1.0
    return Reading(values=values, mode=mode, metric=found.perceptual_name)


def _burden(card: Scorecard, names: tuple[str, ...], bounds: Mapping[str, float]) -> float:
    found = []
    for name in names:
        value = LIMITS[name].value(card)
        if value is not None and name in bounds:
            found.append(LIMITS[name].burden(value, bounds[name]))
    return math.log1p(min(max(0.0, *found), _MOST)) if found else UNMEASURED


def _log1p(value: float | None) -> float:
    return UNMEASURED if value is None else math.log1p(value)
