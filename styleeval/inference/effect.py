"""One product's effect on the log scale, without bias or infinities at a handful of clicks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from styleeval.inference.strata import Stratum
from styleeval.inference.summary import Summary


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A log lift, log(treatment / control), its variance, and the information behind it.

    information: of the Poisson log ratio, clicks · w · (1 − w) with w the treatment's share of
    impressions; effects averaged by it give the effect on all clicks. visitors and clicks:
    (control, treatment), over all phases; a visitor of two phases counts in each.
    """

    estimate: float
    variance: float
    information: float
    visitors: tuple[int, int]
    clicks: tuple[float, float]


def score_effect(strata: Sequence[Stratum]) -> Effect | None:
    """The efficient score's one-step estimate of a log lift: Σ U / Σ V over phases.

    strata: control and treatment of each phase, sums over visitors of this product's clicks and
    viewable impressions. U = (d_c·d_t / d)·(R_t − R_c) and V = R·d_c·d_t / d, with R the ratio of
    both arms together: for one phase the estimate is (R_t − R_c) / R. Its variance clusters by
    visitor and takes the residuals about R, not about each arm's own ratio: so it does not shrink
    when an arm has few clicks by chance, as the log ratio's does, and an arm without clicks is no
    infinity. Right near no effect: it differs from the log lift L by about (½ − w)·L², w the
    treatment's share of impressions, and by L³ / 12. None when nobody clicked, or an arm saw
    nothing, in every phase.
    Sources: Peto's one-step estimate, Yusuf et al., Progress in Cardiovascular Diseases 27(5),
    1985; score tests of clustered counts: Boos, The American Statistician 46(4), 1992.
    """
    terms = [_terms(control + treatment, control, treatment) for control, treatment in strata]
    score, information, variance = (math.fsum(term[n] for term in terms) for n in range(3))
    if not (information and variance):
        return None
    return Effect(
        estimate=score / information,
        variance=variance / information**2,
        information=information,
        visitors=(sum(one.n for one, _ in strata), sum(other.n for _, other in strata)),
        clicks=(
            math.fsum(one.sum_m for one, _ in strata),
            math.fsum(other.sum_m for _, other in strata),
        ),
    )


def recentred(effect: Effect, strata: Sequence[Stratum], log_lift: float) -> Effect:
    """The same effect by one more step of the score, from a log lift that is nearer than 0.

    With q = d_t·e^L / (d_t·e^L + d_c), the treatment's share of clicks at L: L + Σ(m_t − m·q) /
    Σ m·q·(1 − q), and the variance of that information with the visitors' dispersion as it was.
    At L = 0 it is the effect itself. What was off by L³ / 12 is nearly gone.
    Source: Fisher scoring; the conditional likelihood of two Poisson counts, Cox & Hinkley,
    "Theoretical Statistics", 1974, §2.2.
    """
    grown, surplus, information = math.exp(log_lift), [], []
    for control, treatment in strata:
        clicks = control.sum_m + treatment.sum_m
        if not (control.sum_d and treatment.sum_d and clicks > 0 and control.n + treatment.n > 2):
            continue
        share = treatment.sum_d * grown / (treatment.sum_d * grown + control.sum_d)
        surplus.append(treatment.sum_m - clicks * share)
        information.append(clicks * share * (1 - share))
    whole = math.fsum(information)
    return replace(
        effect,
        estimate=log_lift + math.fsum(surplus) / whole,
        variance=effect.variance * effect.information / whole,
        information=whole,
    )


def _terms(both: Summary, control: Summary, treatment: Summary) -> tuple[float, float, float]:
    """Score, information and the score's variance of one phase."""
    if not (control.sum_d and treatment.sum_d and both.sum_m > 0 and both.n > 2):
        return 0.0, 0.0, 0.0
    weight = control.sum_d * treatment.sum_d / both.sum_d
    # Visitors' residuals have one variance; an arm's ratio has n of them over (Σd)².
    residual = both.linearised_variance * both.sum_d**2 / both.n
    spread = residual * (control.n / control.sum_d**2 + treatment.n / treatment.sum_d**2)
    return (
        weight * (treatment.ratio - control.ratio),
        weight * both.ratio,
        weight**2 * spread,
    )
