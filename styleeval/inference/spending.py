"""How much of alpha the confidence sequence spends by the plan, and what is left for the end."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from styleeval.inference.errors import OutOfRange
from styleeval.inference.ratio import checked_alpha

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Halving both changes alpha_at_end(0.05) by 4e-5; time in units of 1 / ρ². Before START the
# boundary lies 5.5 standard deviations out and nothing crosses it.
_CELLS = 400
_STEPS = 400
_START = 0.2


def tuned_time(alpha: float) -> float:
    """ρ²·N*, which makes the sequence nearly as narrow as it can be at N* visitors.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit theory and
    asymptotic confidence sequences", Annals of Statistics 52(6), 2024, 10.1214/24-AOS2408,
    appendix on the choice of ρ (arXiv 2103.06476v7, eq. 161).
    """
    budget = -2 * math.log(alpha)
    return budget + math.log1p(budget)


def boundary(time: float, alpha: float) -> float:
    """Standard errors that the sequence reaches to either side at a time N·ρ² above 0."""
    return math.sqrt((1 + 1 / time) * (math.log1p(time) - 2 * math.log(alpha)))


def alpha_spent(alpha: float = 0.05, fraction: float = 1.0) -> float:
    """Chance that without an effect the sequence excludes 0 by `fraction` of the planned visitors.

    For looks at every moment; fewer looks spend less. Raises OutOfRange.
    """
    _places, cumulative = _paths(alpha, fraction)
    return 1 - float(cumulative[-1])


def alpha_at_end(alpha: float = 0.05, fraction: float = 1.0) -> float:
    """Level of a single test at the declared end, after the sequence was watched all the way.

    Chosen so that without an effect the sequence excludes 0 before the end, or that test rejects,
    with a chance of alpha in all: what the sequence has not spent is left for the end, and those it
    stopped anyway are counted once. fraction: visitors at the end / planned. Raises OutOfRange.
    Source: Lan & DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70(3),
    1983, 10.1093/biomet/70.3.659, with the spending of the sequence's own boundary.
    """
    from scipy.special import ndtr

    places, cumulative = _paths(alpha, fraction)
    middle = len(places) // 2
    inside = 2 * (cumulative[middle:] - cumulative[middle])
    critical = float(np.interp(1 - alpha, inside, places[middle:]))
    return min(alpha, 2 * float(ndtr(-critical)))


def _paths(alpha: float, fraction: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    checked_alpha(alpha)
    if not (math.isfinite(fraction) and fraction > 0):
        raise OutOfRange(f"fraction is {fraction}; it is visitors over planned visitors, above 0")
    return _uncrossed(alpha, round(fraction, 3))


@lru_cache(maxsize=256)
def _uncrossed(alpha: float, fraction: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where Brownian paths are at the end that never crossed the boundary.

    Returns places in standard deviations, ascending and symmetric, and the chance to lie left of
    each. The heat equation between the moving boundaries, places as shares of the boundary, by
    Crank & Nicolson, Proc. Camb. Phil. Soc. 43(1), 1947.
    """
    from scipy.linalg import solve_banded

    end = max(tuned_time(alpha) * fraction, _START * 1.001)
    shares = np.linspace(-1, 1, _CELLS + 1)
    width = float(shares[1] - shares[0])
    times = np.linspace(_START, end, _STEPS + 1)
    reach = [math.sqrt(time) * boundary(time, alpha) for time in times]
    density = np.exp(-((shares * reach[0]) ** 2) / (2 * _START)) / math.sqrt(2 * math.pi * _START)
    density[[0, -1]] = 0
    step = float(times[1] - times[0])
    for near, far in zip(reach[:-1], reach[1:], strict=True):
        between = (near + far) / 2
        spread = 1 / (2 * (between * width) ** 2)
        drift = (far - near) / step / between * shares[1:-1] / (2 * width)
        left, right = spread - drift, spread + drift
        inner = density[1:-1]
        change = left * density[:-2] - 2 * spread * inner + right * density[2:]
        bands = np.zeros((3, inner.size))
        bands[0, 1:] = -step / 2 * right[:-1]
        bands[1] = 1 + step * spread
        bands[2, :-1] = -step / 2 * left[1:]
        density[1:-1] = solve_banded((1, 1), bands, inner + step / 2 * change)
    places = shares * reach[-1]
    pieces = (density[1:] + density[:-1]) / 2 * np.diff(places)
    return places / math.sqrt(end), np.concatenate([[0.0], np.cumsum(pieces)])
