"""What is kept of an arm: sums over its visitors, enough for a ratio and its variance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from styleeval.inference.errors import InvalidSummary, ShapesDiffer, TooFewVisitors

# Shares of a sum of products that float64 rounding of the sums can account for.
_INCONSISTENT = 1e-9
_NOTHING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Sums over visitors of a numerator m (clicks) and a denominator d (viewable impressions).

    n: visitors. sum_m, sum_d, sum_mm, sum_dd, sum_md: Σm, Σd, Σm², Σd², Σm·d, where m and d are a
    visitor's totals. Sums of whole numbers are exact up to 2^53. Raises InvalidSummary when no set
    of visitors has these sums.
    """

    n: int
    sum_m: float
    sum_d: float
    sum_mm: float
    sum_dd: float
    sum_md: float

    def __post_init__(self) -> None:
        for name, value in self.as_dict().items():
            if not math.isfinite(value):
                raise InvalidSummary(f"{name} is {value}, not a finite number")
        if self.n < 0 or self.n != int(self.n):
            raise InvalidSummary(f"n is {self.n}; visitors are counted from 0 up")
        if self.sum_d < 0:
            raise InvalidSummary(f"sum_d is {self.sum_d}; a denominator is never negative")
        if self.n == 0 and any(self.as_dict().values()):
            raise InvalidSummary("there are no visitors, yet their sums are not 0")
        self._require_possible("sum_mm", self.n * self.sum_mm, self.sum_m)
        self._require_possible("sum_dd", self.n * self.sum_dd, self.sum_d)
        self._require_possible("sum_md", self.sum_mm * self.sum_dd, self.sum_md)

    @classmethod
    def of(cls, numerators: ArrayLike, denominators: ArrayLike) -> Summary:
        """Summarise visitors: two arrays (n,) of each visitor's totals, one element a visitor.

        Visitors without a denominator (nothing viewed) may stay; they change n only.
        Raises ShapesDiffer, and InvalidSummary for NaN, infinity or a negative denominator.
        """
        m = np.asarray(numerators, np.float64)
        d = np.asarray(denominators, np.float64)
        if m.ndim != 1 or m.shape != d.shape:
            raise ShapesDiffer(
                f"numerators are {m.shape}, denominators {d.shape}; both hold one number a visitor"
            )
        if not (np.isfinite(m).all() and np.isfinite(d).all()):
            raise InvalidSummary("a visitor's numerator or denominator is not a finite number")
        if (d < 0).any():
            raise InvalidSummary("a visitor's denominator is negative")
        return cls(
            n=m.size,
            sum_m=float(m.sum()),
            sum_d=float(d.sum()),
            sum_mm=float(m @ m),
            sum_dd=float(d @ d),
            sum_md=float(m @ d),
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Summary:
        """Undo `as_dict`. Raises InvalidSummary when a key is missing or unknown."""
        names = {field.name for field in fields(cls)}
        if set(values) != names:
            raise InvalidSummary(f"a summary has the keys {sorted(names)}, not {sorted(values)}")
        return cls(**values)  # type: ignore[arg-type]  # n is checked at construction

    def as_dict(self) -> dict[str, float]:
        """The six sums by name, ready for JSON."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __add__(self, other: Summary) -> Summary:
        """Both sets of visitors together. A visitor must not be in both: n would count it twice."""
        if not isinstance(other, Summary):
            return NotImplemented
        mine, theirs = self.as_dict(), other.as_dict()
        return Summary.from_dict({name: mine[name] + theirs[name] for name in mine})

    @property
    def mean_m(self) -> float:
        """Numerator a visitor. Raises TooFewVisitors when there is none."""
        return self.sum_m / self._at_least(1)

    @property
    def mean_d(self) -> float:
        """Denominator a visitor. Raises TooFewVisitors when there is none."""
        return self.sum_d / self._at_least(1)

    @property
    def ratio(self) -> float:
        """Σm / Σd, such as clicks per viewable impression. Raises TooFewVisitors when Σd is 0."""
        if not self.sum_d:
            raise TooFewVisitors("the denominator is 0: no visitor has seen anything yet")
        return self.sum_m / self.sum_d

    @property
    def var_m(self) -> float:
        """Sample variance (n − 1) of the numerator. Raises TooFewVisitors below two visitors."""
        return max(0.0, self._covariance(self.sum_mm, self.sum_m, self.sum_m))

    @property
    def var_d(self) -> float:
        """Sample variance (n − 1) of the denominator. Raises TooFewVisitors below two visitors."""
        return max(0.0, self._covariance(self.sum_dd, self.sum_d, self.sum_d))

    @property
    def cov_md(self) -> float:
        """Sample covariance (n − 1) of the two. Raises TooFewVisitors below two visitors."""
        return self._covariance(self.sum_md, self.sum_m, self.sum_d)

    @property
    def linearised_variance(self) -> float:
        """Variance of `ratio` as an estimate (the square of its standard error), delta method.

        With R the ratio: (var_m − 2·R·cov_md + R²·var_d) / (n · mean_d²), exactly 0 when every
        visitor has the same ratio. Raises TooFewVisitors below two visitors or when Σd is 0.
        Source: Deng, Knoblich & Lu, "Applying the Delta Method in Metric Analytics", KDD 2018, §3,
        10.1145/3219819.3219919; the ratio estimator of Cochran, "Sampling Techniques", 1977, ch. 6.
        """
        n, ratio = self._at_least(2), self.ratio
        # The residuals m − R·d sum to 0, so their raw squares need no centring that would cancel.
        both = self.sum_mm + ratio * ratio * self.sum_dd
        residual = both - 2 * ratio * self.sum_md
        if residual <= _NOTHING * both:
            return 0.0
        return residual * n / ((n - 1) * self.sum_d * self.sum_d)

    def _covariance(self, sum_xy: float, sum_x: float, sum_y: float) -> float:
        n = self._at_least(2)
        return (n * sum_xy - sum_x * sum_y) / (n * (n - 1))

    def _at_least(self, visitors: int) -> int:
        if self.n < visitors:
            raise TooFewVisitors(f"{self.n} visitors; at least {visitors} are needed")
        return self.n

    @staticmethod
    def _require_possible(name: str, most: float, root: float) -> None:
        """Cauchy–Schwarz: a sum squared is at most the product of the sums of squares."""
        if root * root * (1 - _INCONSISTENT) > most:
            raise InvalidSummary(f"{name} does not fit the other sums; no visitors total so")
