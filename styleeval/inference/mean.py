"""Means of a number each visitor has, such as clicks or revenue: ratios whose denominator is 1."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from styleeval.inference.ratio import Comparison, comparison_of, ratios
from styleeval.inference.summary import Summary

WELCH = "welch"
"""Welch's t for the difference of two means, a log-ratio interval for the lift."""


def mean_summary(values: ArrayLike) -> Summary:
    """Summarise a number each visitor has, (n,); visitors without any count as 0.

    It is a Summary with every denominator 1, so `judge`, `sequential_difference` and `cuped` take
    it too. Raises as `Summary.of`.
    """
    numbers = np.asarray(values, np.float64)
    return Summary.of(numbers, np.ones(numbers.shape))


def per_visitor(summary: Summary) -> Summary:
    """The same numerators over visitors in place of impressions: clicks per visitor.

    A rate that rose because fewer pictures were seen is no win; this one tells.
    """
    return dataclasses.replace(
        summary, sum_d=float(summary.n), sum_dd=float(summary.n), sum_md=summary.sum_m
    )


def mean_difference(control: Summary, treatment: Summary, alpha: float = 0.05) -> Comparison:
    """Difference of the numerators' means a visitor, treatment − control; denominators are ignored.

    Exactly Welch's t-test. Raises TooFewVisitors below two visitors an arm or when in both arms all
    visitors are alike. Source: Welch, Biometrika 34, 1947.
    """
    rates = ratios(per_visitor(control), per_visitor(treatment))
    return comparison_of(dataclasses.replace(rates, method=WELCH), alpha)
