"""p-values of several metrics, arms or segments, adjusted for there being several."""

from __future__ import annotations

from collections.abc import Sequence

from styleeval.inference.errors import OutOfRange


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted so that those below alpha hold a false one with a chance of at most alpha.

    In the given order, 0..1; whatever the dependence between the tests; always-valid p-values may
    be adjusted too. Comparisons without enough data have no p-value: leave them out.
    Raises OutOfRange. Source: Holm, "A simple sequentially rejective multiple test procedure",
    Scandinavian Journal of Statistics 6(2), 1979.
    """
    count = len(p_values)
    adjusted, highest = [0.0] * count, 0.0
    for rank, index in enumerate(_ascending(p_values)):
        highest = max(highest, min(1.0, (count - rank) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted so that of those below alpha at most a share of alpha is false, on average.

    In the given order, 0..1; for tests that are independent or depend positively. For segments one
    explores; a decision asks for `holm`. Raises OutOfRange. Source: Benjamini & Hochberg,
    "Controlling the false discovery rate", JRSS B 57(1), 1995, 10.1111/j.2517-6161.1995.tb02031.x.
    """
    count = len(p_values)
    adjusted, lowest = [0.0] * count, 1.0
    for below, index in enumerate(reversed(_ascending(p_values))):
        lowest = min(lowest, p_values[index] * (count / (count - below)))
        adjusted[index] = lowest
    return tuple(adjusted)


def _ascending(p_values: Sequence[float]) -> list[int]:
    for p_value in p_values:
        if not 0 <= p_value <= 1:
            raise OutOfRange(f"a p-value is {p_value}; it lies between 0 and 1")
    return sorted(range(len(p_values)), key=p_values.__getitem__)
