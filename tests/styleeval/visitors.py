"""Visitors drawn for tests of inference, as sums."""

from __future__ import annotations

import numpy as np

from styleeval.inference import Summary

NOBODY = Summary(n=0, sum_m=0, sum_d=0, sum_mm=0, sum_dd=0, sum_md=0)


def drawn(
    visitors: int,
    rate: float,
    generator: np.random.Generator | None = None,
    *,
    seed: int = 0,
    concentration: float = 20.0,
) -> Summary:
    """Visitors of Beta-distributed rates around `rate`, ten impressions on average."""
    generator = generator or np.random.default_rng(seed)
    seen = generator.poisson(10, visitors)
    own = generator.beta(concentration * rate, concentration * (1 - rate), visitors)
    return Summary.of(generator.binomial(seen, own), seen)


def times(summary: Summary, copies: int) -> Summary:
    """The same visitors so many times over."""
    return Summary.from_dict({name: copies * value for name, value in summary.as_dict().items()})
