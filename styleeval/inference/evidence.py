"""Evidence that may be looked at after every visitor: were they dealt out by the weights?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from styleeval.inference.errors import InvalidSplit

CONCENTRATION = 200.0
"""Of the prior around the weights, in visitors: this project's choice."""


def multinomial_evidence(
    counts: Sequence[int], weights: Sequence[float], *, concentration: float = CONCENTRATION
) -> float:
    """Log of the Bayes factor against visitors having been dealt out by the weights.

    counts: visitors by arm. weights: of the arms, above 0; they need not sum to 1. Under the
    weights the factor is a martingale that begins at 1, so the chance that it ever exceeds 1/α is
    α at most, however often one looks (Ville's inequality). Independent parts, such as phases,
    add up. concentration: of the Dirichlet prior around the weights, above 0; a large one finds
    small deviations of many visitors sooner, a small one large deviations of few. Raises
    InvalidSplit for counts and weights that do not fit.
    Source: Lindon & Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022, §3.
    """
    if len(counts) != len(weights) or not all(w > 0 for w in weights) or min(counts) < 0:
        raise InvalidSplit(f"counts {list(counts)} do not fit weights {list(weights)}")
    total, whole = sum(counts), math.fsum(weights)
    shares = [weight / whole for weight in weights]
    prior = [concentration * share for share in shares]
    marginal = math.lgamma(concentration) - math.lgamma(concentration + total)
    marginal += math.fsum(
        math.lgamma(alpha + count) - math.lgamma(alpha)
        for alpha, count in zip(prior, counts, strict=True)
    )
    by_weights = math.fsum(
        count * math.log(share) for count, share in zip(counts, shares, strict=True)
    )
    return marginal - by_weights
