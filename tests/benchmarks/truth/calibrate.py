"""Thresholds of a mode chosen on one half of the products."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from styleeval.preservation import Thresholds
from styleeval.preservation.limits import LIMITS
from tests.benchmarks.truth.cards import Row

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_REFUSED: Final = 0.02
"""Share of harmless pictures that calibration may refuse; the goal is 3 % on the other half."""

DIRECT: Final = {
    mode: names
    for modes, names in (
        (
            ("background", "grade", "restore"),
            (
                "min_worst_ssim",
                "min_worst_detail",
                "max_delta_e",
                "max_worst_delta_e",
                "max_hue",
                "max_worst_hue",
                "min_text",
                "min_worst_text",
                "max_displacement",
                "max_outline_lost",
                "max_halo",
            ),
        ),
        (
            ("artistic",),
            (
                "min_worst_ssim",
                "max_displacement",
                "min_text",
                "min_worst_text",
                "max_outline_lost",
                "max_halo",
            ),
        ),
        (
            ("locked",),
            (
                "min_worst_ssim",
                "max_delta_e",
                "max_worst_delta_e",
                "max_hue",
                "max_worst_hue",
                "min_text",
                "min_worst_text",
                "max_outline_lost",
                "max_halo",
            ),
        ),
        (
            ("fabric",),
            (
                "min_shading",
                "min_silhouette",
                "max_outline_lost",
                "max_outline_moved",
                "max_halo",
            ),
        ),
    )
    for mode in modes
}
"""Limits that each mode has, whatever else catches the defects planted here."""

COVERED: Final = (
    "min_shading",
    "min_silhouette",
    "max_edge",
    "max_outline_lost",
    "max_outline_moved",
    "max_halo",
)
"""All that may be asked of a product whose surface is another's."""

_STEPS: Final = (1.0, 0.99, 0.98, 0.97, 0.95)
_GIVE: Final = 0.35
"""Where a limit lies between the worst harmless picture it lets by and the mildest defect that it
alone catches: nearer to the harmless, since a defect may be milder than those planted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Reading:
    """A limit's numbers over all rows, so turned that more is worse; NaN where there is none."""

    name: str
    least: bool
    harmless: Floats
    harmful: Floats


def calibrated(rows: Sequence[Row], start: Thresholds) -> Thresholds:
    """Limits that refuse the most defects at few harmless refusals.

    Those that speak of a planted defect directly (`DIRECT`) are always drawn, as tight as the
    harmless pictures let them be. To these, greedily, a limit at a time is added or tightened that
    catches most new defects for each harmless picture it newly refuses; added ones that catch
    nothing of their own are let go.
    start: limits that do not speak about the product are taken from here.
    """
    mode = rows[0].mode
    readings = [
        _reading(name, rows)
        for name, limit in LIMITS.items()
        if limit.of_product and (mode != "fabric" or name in COVERED)
    ]
    direct = {
        reading.name: float(np.nanmax(reading.harmless))
        for reading in readings
        if reading.name in DIRECT[mode] and np.isfinite(reading.harmless).any()
    }
    bounds = _pruned(readings, _drawn(readings, direct), direct)
    found = {
        reading.name: _rounded(_placed(reading, readings, bounds), least=reading.least)
        for reading in readings
        if reading.name in bounds
    }
    kept = {name: None for name, limit in LIMITS.items() if limit.of_product}
    return dataclasses.replace(start, **{**kept, **found})


def _reading(name: str, rows: Sequence[Row]) -> _Reading:
    limit = LIMITS[name]
    sign = -1.0 if limit.sense == "least" else 1.0

    def values(harmful: bool) -> Floats:
        found = [limit.value(row.card) for row in rows if row.harmful is harmful]
        return np.array([np.nan if value is None else sign * value for value in found])

    return _Reading(
        name=name, least=limit.sense == "least", harmless=values(False), harmful=values(True)
    )


def _drawn(readings: Sequence[_Reading], direct: dict[str, float]) -> dict[str, float]:
    refused = np.zeros(len(readings[0].harmless), np.bool_)
    caught = _caught(readings, direct)
    bounds = dict(direct)
    while True:
        best: tuple[float, str, float, Bools, Bools] | None = None
        for reading in readings:
            for step in _STEPS:
                known = reading.harmless[np.isfinite(reading.harmless)]
                if not known.size:
                    continue
                bound = float(np.quantile(known, step, method="higher"))
                now_refused = refused | (reading.harmless > bound)
                now_caught = caught | (reading.harmful > bound)
                gain = int(now_caught.sum() - caught.sum())
                cost = int(now_refused.sum() - refused.sum())
                if gain and now_refused.mean() <= MOST_REFUSED:
                    worth = gain / (cost + 0.1)
                    if best is None or worth > best[0]:
                        best = (worth, reading.name, bound, now_refused, now_caught)
        if best is None:
            return bounds
        _, name, bound, refused, caught = best
        bounds[name] = min(bound, bounds.get(name, np.inf))


def _pruned(
    readings: Sequence[_Reading], bounds: dict[str, float], direct: dict[str, float]
) -> dict[str, float]:
    kept = dict(bounds)
    # Those that catch least go first, so that a broad limit stays.
    for reading in sorted(
        readings, key=lambda item: (item.harmful > bounds.get(item.name, np.inf)).sum()
    ):
        if reading.name not in kept or reading.name in direct:
            continue
        rest = {name: bound for name, bound in kept.items() if name != reading.name}
        if _caught(readings, rest).sum() == _caught(readings, kept).sum():
            kept = rest
    return kept


def _caught(readings: Sequence[_Reading], bounds: dict[str, float]) -> Bools:
    total = np.zeros(len(readings[0].harmful), np.bool_)
    for reading in readings:
        if reading.name in bounds:
            total |= reading.harmful > bounds[reading.name]
    return total


def _placed(reading: _Reading, readings: Sequence[_Reading], bounds: dict[str, float]) -> float:
    bound = bounds[reading.name]
    rest = {name: value for name, value in bounds.items() if name != reading.name}
    alone = reading.harmful[(reading.harmful > bound) & ~_caught(readings, rest)]
    return bound + _GIVE * (float(alone.min()) - bound) if alone.size else bound


def _rounded(bound: float, *, least: bool) -> float:
    """Three digits, never tighter than what was found."""
    value = abs(bound) if least else bound
    digits = 3 - int(np.ceil(np.log10(max(abs(value), 1e-6))))
    scale = 10.0 ** min(digits, 4)
    found = np.floor(value * scale) if least else np.ceil(value * scale)
    return float(found / scale)
