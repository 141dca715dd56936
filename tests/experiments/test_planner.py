"""How long an experiment takes: by the shop's own totals, as stated, and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from shop_style.exceptions import NoTraffic, PlanError
from shop_style.experiments.planner import plan_experiment
from shop_style.experiments.rollup import rollup
from shop_style.experiments.traffic import own_traffic, stated_traffic
from shop_style.models import Arm, Experiment
from styleeval.inference import RatioDesign, Summary, alpha_at_end, power_of
from tests.experiments.crowd import Habits, come
from tests.experiments.test_report_commands import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(make_shop: Any) -> Experiment:
    return make_shop(2, planned_visitors=None).experiment


def test_what_it_plans_has_the_power_it_promises(draft: Experiment) -> None:
    traffic = stated_traffic(1000, 0.05)
    plan = plan_experiment(draft, lift=0.1, traffic=traffic)
    assert plan.daily == 1000 and plan.level == alpha_at_end(0.05)
    design = RatioDesign(ratio=0.05, variance=traffic.variance)
    assert plan.wanted.visitors is not None and plan.wanted.days is not None
    for visitors, holds in ((plan.wanted.visitors, True), (plan.wanted.visitors - 2, False)):
        assert (power_of(design, 0.1, visitors, alpha=plan.level) >= 0.8) is holds
    assert plan.wanted.days == -(-plan.wanted.visitors // 1000)
    assert plan.wanted.weeks == -(-plan.wanted.days // 7)
    visitors = [need.visitors for need in plan.needs if need.visitors]
    assert visitors == sorted(visitors, reverse=True) and plan.wanted in plan.needs
    lifts = [reach.lift for reach in plan.reaches]
    assert lifts == sorted(lifts, key=lambda lift: -(lift or 0)) and all(lifts)


def test_the_stated_variance_is_that_of_beta_binomial_visitors() -> None:
    rng = np.random.default_rng(3)
    seen = rng.geometric(1 / 10, 400_000)
    likeness = 0.1
    whole = 1 / likeness - 1
    clicks = rng.binomial(seen, rng.beta(0.05 * whole, 0.95 * whole, seen.size))
    found = RatioDesign.from_pilot(Summary.of(clicks, seen))
    # 400,000 visitors: the variance of skewed clicks is known to about 1 %; a geometric's squared
    # coefficient of variation is 0.9, where 1 is assumed.
    assert stated_traffic(1, 0.05).variance == pytest.approx(found.variance, rel=0.06)


def test_it_reads_what_the_shops_own_experiments_saw(make_shop: Any) -> None:
    shop = make_shop(2, planned_visitors=1000, coverage=0.5)
    shop.start()
    come(shop, "control", Habits(visitors=200, clicking=40, seen=4))
    come(shop, "warm", Habits(visitors=200, clicking=60, seen=4))
    rollup()
    Experiment.objects.update(started_at=timezone.now() - timedelta(days=4))
    draft = Experiment.objects.create(slug="next", name="Next", placement="listing", coverage=0.1)
    Arm.objects.create(experiment=draft, slug="control", weight=0.5)
    Arm.objects.create(experiment=draft, slug="warm", style=shop.style, weight=0.5)
    traffic = own_traffic(draft)
    # 400 visitors in 4 days of half the visitors.
    assert traffic.daily == pytest.approx(200, rel=1e-3) and "warm-listing" in traffic.source
    clicks = np.repeat([1, 0], [40, 160])
    pilot = RatioDesign.from_pilot(Summary.of(clicks, np.full(200, 4)))
    assert traffic.ctr == pytest.approx(0.05)
    assert traffic.variance == pytest.approx(pilot.variance)
    assert plan_experiment(draft).daily == pytest.approx(20, rel=1e-3)
    draft.placement = "home"
    with pytest.raises(NoTraffic, match="state visitors a day"):
        own_traffic(draft)


def test_the_smallest_arm_of_several_decides(draft: Experiment, make_style: Any) -> None:
    traffic = stated_traffic(1000, 0.05)
    one = plan_experiment(draft, traffic=traffic)
    Arm.objects.create(experiment=draft, slug="cold", style=make_style("cold"), weight=0.1)
    draft.arms.filter(slug="warm").update(weight=0.4)
    two = plan_experiment(draft, traffic=traffic)
    assert two.level < one.level
    assert two.wanted.visitors and one.wanted.visitors
    assert two.wanted.visitors > 3 * one.wanted.visitors


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lift": 0}, "above 0 %"),
        ({"lift": float("nan")}, "above 0 %"),
        ({"power": 1.0}, "from 0.5 to below 1"),
    ],
)
def test_nonsense_is_refused(draft: Experiment, values: dict[str, float], words: str) -> None:
    with pytest.raises(PlanError, match=words) as caught:
        plan_experiment(draft, traffic=stated_traffic(10, 0.1), **values)
    assert caught.value.code == "bad_plan"


def test_stated_nonsense_is_refused_all_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        stated_traffic(0, 1.5, seen=0.5, likeness=1)
    assert len(caught.value.problems) == 4


def test_an_effect_that_takes_too_long_says_so(draft: Experiment) -> None:
    plan = plan_experiment(draft, lift=0.01, traffic=stated_traffic(20, 0.01))
    assert plan.wanted.days is None
    assert "cannot be shown" in plan.advice[0] and "longer than eight weeks" in plan.advice[1]


def test_the_command_says_the_same(draft: Experiment) -> None:
    stated = ("--visitors", "1000", "--ctr", "5")
    text = run("plan_experiment", draft.slug, "--lift", "10", *stated)
    plan = plan_experiment(draft, lift=0.1, traffic=stated_traffic(1000, 0.05))
    assert plan.advice[0] in text and f"{plan.wanted.visitors:,}" in text
    found = json.loads(run("plan_experiment", draft.slug, "--json", *stated))
    assert found["wanted"]["visitors"] == plan.wanted.visitors
    for wrong, words in (
        (("plan_experiment", draft.slug), "no_traffic"),
        (("plan_experiment", draft.slug, "--ctr", "5"), "state both"),
        (("plan_experiment", "nothing"), "unknown_experiment"),
        (("plan_experiment", draft.slug, "--lift", "-5", *stated), "bad_plan"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command(*wrong)
