"""Rolled-up sums of very many visitors, drawn at once: for faults that only crowds show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.utils import timezone

from shop_style.experiments.tally import TOKEN, VISITOR
from shop_style.models import Arm, DailyTally, SummaryTotals
from tests.simulation.shop import Shop

BANDS = ("1-4", "5-12", "13-24")
"""Places of the page, as rollups slice them."""

CROWD = 50_000
"""Visitors of each arm who are given a page, in a shop where nothing is wrong."""


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """An arm's visitors. enrolled: given a page; visitors: of them with a rendered picture;
    viewing: share of these with one in view.

    seen: mean viewable pictures of those, by place. rate: clicks of a viewable picture. ordering:
    orders of a click. failing: share of visitors whom a picture does not load for. flagged: share
    of visitors with a flag, who click `flagged_clicks` times.
    """

    enrolled: int = CROWD
    visitors: int = CROWD
    viewing: float = 0.95
    seen: tuple[float, ...] = (3.5, 1.5, 0.5)
    rate: float = 0.05
    ordering: float = 0.1
    failing: float = 0.002
    flagged: float = 0.001
    flagged_clicks: int = 12
    seed: int = 1
    columns: dict[str, Any] = field(default_factory=dict)


def come(shop: Shop, slug: str, crowd: Crowd) -> None:
    """Write the sums of an arm's crowd, as a rollup of its events would."""
    arm = shop.experiment.arms.get(slug=slug)
    phase = shop.experiment.phases.latest("number")
    rng = np.random.default_rng([crowd.seed, arm.position])
    here = rng.random(crowd.visitors) < crowd.viewing
    seen = np.stack([rng.poisson(mean, crowd.visitors) * here for mean in crowd.seen])
    chance = rng.beta(8 * crowd.rate, 8 * (1 - crowd.rate), crowd.visitors)
    clicks = rng.binomial(seen, chance)
    flagged = rng.random(crowd.visitors) < crowd.flagged
    clicks[0, flagged] += crowd.flagged_clicks
    seen[0, flagged] += crowd.flagged_clicks
    orders = rng.binomial(clicks.sum(0), crowd.ordering)
    failing = rng.random(crowd.visitors) < crowd.failing
    made = {
        "visitors": crowd.visitors,
        "failing_visitors": int(failing.sum()),
        "flagged_visitors": int(flagged.sum()),
        "failed": int(failing.sum()),
        "conversions": int(orders.sum()),
        "conversions_squared": int((orders**2).sum()),
        "clicks_conversions": int((clicks.sum(0) * orders).sum()),
        # A click is three events: it implies that the picture was rendered and seen.
        "suspicious": 3 * crowd.flagged_clicks * int(flagged.sum()),
        **_sums(seen.sum(0), clicks.sum(0)),
        **crowd.columns,
    }
    _write(arm, phase, SummaryTotals.ALL, made)
    for band, of_band, clicked in zip(BANDS, seen, clicks, strict=True):
        own = {"visitors": int((of_band > 0).sum()), **_sums(of_band, clicked)}
        _write(arm, phase, f"position:{band}", own)
    for kind, number in ((VISITOR, crowd.enrolled), (TOKEN, 2 * crowd.enrolled)):
        DailyTally.objects.create(
            phase=phase, day=timezone.now().date(), kind=kind, arm=slug, number=number
        )


def _sums(seen: np.ndarray, clicks: np.ndarray) -> dict[str, int]:
    """Of each visitor's viewable pictures and clicks, (visitors,) each."""
    return {
        "rendered": int(seen.sum()) + seen.size,
        "viewable": int(seen.sum()),
        "clicks": int(clicks.sum()),
        "viewing_visitors": int((seen > 0).sum()),
        "clicking_visitors": int((clicks > 0).sum()),
        "viewable_squared": int((seen**2).sum()),
        "clicks_squared": int((clicks**2).sum()),
        "clicks_viewable": int((clicks * seen).sum()),
    }


def _write(arm: Arm, phase: Any, name: str, columns: dict[str, Any]) -> None:
    known = {field.name for field in SummaryTotals._meta.concrete_fields}
    SummaryTotals.objects.create(
        phase=phase,
        arm=arm,
        slice=name,
        day=timezone.now().date(),
        **{column: value for column, value in columns.items() if column in known},
    )
