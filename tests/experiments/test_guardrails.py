"""What pauses an experiment by itself, what does not, and what a person may say to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from shop_style.exceptions import ExperimentError
from shop_style.experiments import guardrails, lifecycle
from shop_style.experiments.evidence import ArmSums, sums_of, sums_since
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.experiments.summaries import summarise
from shop_style.models import Arm, AuditEntry, Experiment, MixedVisitor, Phase, VisitorTotals
from tests.experiments.crowd import Habits, come
from tests.experiments.visits import visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(make_shop: Any) -> Any:
    shop = make_shop(2, planned_visitors=2000)
    shop.start()
    return shop


def state(shop: Any) -> tuple[str, str]:
    shop.experiment.refresh_from_db()
    return shop.experiment.state, shop.experiment.paused_because


def last_entry() -> AuditEntry:
    return AuditEntry.objects.filter(target_model="shop_style.experiment").latest("pk")


def both(shop: Any, control: Habits, warm: Habits, name: str = "") -> None:
    come(shop, "control", control, name=name)
    come(shop, "warm", warm, name=name)


def test_arms_that_are_alike_run_on(shop: Any) -> None:
    alike = Habits(visitors=300, clicking=210, buying=60, failing=6, seen=1)
    both(shop, alike, alike)
    assert rollup().paused == [] and state(shop) == ("running", "")


def test_an_arm_without_its_visitors_pauses(shop: Any, settings: Any) -> None:
    both(shop, Habits(visitors=400, seen=1), Habits(visitors=260, seen=1))
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "PAUSE_ON": ["clickbait"]}
    assert rollup().paused == []
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "PAUSE_ON": ["sample_ratio"]}
    report = rollup()
    assert len(report.paused) == 1 and "control 400 of 330, warm 260 of 330" in report.summary()
    assert state(shop) == ("paused", "sample_ratio")
    entry = last_entry()
    assert (entry.actor, entry.verb) == ("guardrail", "paused")
    assert entry.detail["visitors"] == {"control": 400, "warm": 260}
    forget_snapshot()
    assert not any(item.rendering.is_styled for _ in range(8) for item in visit(shop).placed)


def test_a_split_that_is_off_by_next_to_nothing_runs_on(shop: Any) -> None:
    """Two million visitors prove any difference; a quarter of a percent harms no result."""
    from shop_style.models import SummaryTotals

    phase = shop.experiment.phases.get()
    for slug, number in (("control", 1_002_500), ("warm", 997_500)):
        SummaryTotals.objects.create(
            phase=phase,
            arm=shop.experiment.arms.get(slug=slug),
            day=timezone.now().date(),
            visitors=number,
        )
    assert guardrails.watch() == []
    SummaryTotals.objects.filter(visitors=997_500).update(visitors=985_000)
    assert len(guardrails.watch()) == 1


@pytest.mark.parametrize(
    ("failing", "paused"),
    [
        ((2, 60), True),
        ((60, 2), False),  # the originals fail: that is no reason to show nothing else
        ((60, 60), False),
        ((0, 15), False),  # too few to say
    ],
)
def test_pictures_of_an_arm_that_do_not_load_pause(
    shop: Any, failing: tuple[int, int], paused: bool
) -> None:
    control, warm = (Habits(visitors=400, failing=number, seen=1) for number in failing)
    both(shop, control, warm)
    assert bool(rollup().paused) == paused
    if paused:
        assert state(shop) == ("paused", "load_failures")
        assert last_entry().detail["shares"] == {"control": 0.005, "warm": 0.15}


def test_failures_of_few_are_below_the_floor(shop: Any, settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "PAUSE_FAILURE_SHARE": 0.2}
    both(shop, Habits(visitors=400, failing=2), Habits(visitors=400, failing=60))
    assert rollup().paused == []


def test_clicks_that_bring_no_orders_pause(shop: Any) -> None:
    both(
        shop,
        Habits(visitors=500, clicking=250, buying=120, seen=1),
        Habits(visitors=500, clicking=400, buying=60, seen=1),
    )
    (said,) = rollup().paused
    assert "of 100 clicks in warm 15.0 become an order, of 100 on the originals 48.0" in said
    assert state(shop) == ("paused", "clickbait")
    assert last_entry().detail["orders_per_visitor"] == {"control": 0.24, "warm": 0.12}


def test_more_clicks_with_more_orders_are_no_clickbait(shop: Any) -> None:
    both(
        shop,
        Habits(visitors=500, clicking=210, buying=120, seen=1),
        Habits(visitors=500, clicking=450, buying=140, seen=1),
    )
    assert rollup().paused == []


def test_who_resumes_is_not_stopped_by_the_same_visitors(shop: Any) -> None:
    wrong = (Habits(visitors=300, failing=2, seen=1), Habits(visitors=300, failing=60, seen=1))
    both(shop, *wrong)
    rollup()
    lifecycle.resume(shop.experiment, actor="ada", reason="the storage is back")
    assert last_entry().detail == {"acknowledged": "load_failures"}
    both(shop, *(Habits(visitors=300, failing=2, seen=1),) * 2, name="b")
    assert rollup().paused == [] and rollup().paused == []
    both(shop, *wrong, name="c")
    assert len(rollup().paused) == 1
    assert last_entry().detail["visitors"] == {"control": 600, "warm": 600}


def test_visitors_who_saw_two_arms_are_no_mismatch_after_a_resume(shop: Any) -> None:
    """As many came to each arm, whatever its weight; left out, the small arm misses them most."""
    phase = shop.experiment.phases.get()
    control, warm = shop.experiment.arms.order_by("position")
    phase.weights = {str(control.pk): 0.9, str(warm.pk): 0.1}
    phase.save()
    now, alike = timezone.now(), {"phase": phase, "rendered": 1, "viewable": 1}
    VisitorTotals.objects.bulk_create(
        VisitorTotals(arm=arm, visitor=f"{arm.pk}-{n}", first_at=now, last_at=now, **alike)
        for arm, number in ((control, 3600), (warm, 400))
        for n in range(number)
    )
    MixedVisitor.objects.bulk_create(
        MixedVisitor(experiment=shop.experiment, visitor=f"{arm.pk}-{n}")
        for arm in (control, warm)
        for n in range(150)
    )
    summarise("default", [phase.pk])
    assert guardrails.watch() == []
    since = now - timedelta(days=1)
    Experiment.objects.update(acknowledged={"sample_ratio": since.isoformat()})
    shop.experiment.refresh_from_db()
    assert sums_since(shop.experiment, since) == sums_of("default", [phase.pk])
    assert guardrails.watch() == []
    splits = {item.stage: item for item in build_report(shop.experiment).splits}
    assert splits["rendered"].counts == splits["viewable"].counts == {"control": 3600, "warm": 400}
    assert splits["viewable"].mismatched is False


def test_the_planned_end_stops_enrolment_without_anybody_and_waits(make_shop: Any) -> None:
    shop = make_shop(2, ends_at=timezone.now() + timedelta(hours=1))
    shop.start()
    assert any(visit(shop).is_styled for _ in range(20))
    Experiment.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    with_the_past(shop)
    # No rollup has run: it is over all the same.
    assert not any(visit(shop).is_styled for _ in range(20))
    call_command("rollup_events")
    assert state(shop) == ("paused", "end_due")
    with pytest.raises(ExperimentError, match="reading is final"):
        lifecycle.resume(shop.experiment, actor="ada")
    lifecycle.ship(shop.experiment, "warm", actor="ada")
    forget_snapshot()
    assert state(shop) == ("finished", "") and visit(shop).is_styled


def with_the_past(shop: Any) -> None:
    """The snapshot as it would have been compiled at the start."""
    from django.db import transaction

    from shop_style.experiments.snapshot import compile_snapshot

    with transaction.atomic():
        compile_snapshot()
    forget_snapshot()


def test_one_experiment_that_cannot_be_watched_keeps_no_other_from_it(
    shop: Any, make_shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(shop, Habits(visitors=400, seen=1), Habits(visitors=200, seen=1))
    real = guardrails.end_due

    def broken(experiment: Experiment) -> Any:
        if experiment.slug == "broken":
            raise RuntimeError("no")
        return real(experiment)

    monkeypatch.setattr(guardrails, "end_due", broken)
    Experiment.objects.create(slug="broken", name="Broken", state="running")
    assert len(rollup().paused) == 1


def test_queries_do_not_grow_with_experiments(shop: Any, django_assert_num_queries: Any) -> None:
    for number in range(5):
        Experiment.objects.create(slug=f"more-{number}", name="More", state="running")
    rollup()
    with django_assert_num_queries(5):
        guardrails.watch()


def test_a_check_of_each_style_shares_its_chance_among_them(shop: Any) -> None:
    """Twenty-four failing visitors beside three: enough for one style, not for one of five."""
    phase, arms = shop.experiment.phases.get(), list(shop.experiment.arms.order_by("position"))
    control, warm = arms
    sums = {
        (phase.pk, control.pk): ArmSums(visitors=400, failing_visitors=3),
        (phase.pk, warm.pk): ArmSums(visitors=400, failing_visitors=24),
    }
    one = guardrails._Case(arms=arms, phases=[phase], sums=sums, planned=2000)
    styles = [Arm(pk=-n, slug=f"s{n}", style=warm.style) for n in range(1, 5)]
    five = guardrails._Case(arms=[*arms, *styles], phases=[phase], sums=sums, planned=2000)
    assert five.chance == pytest.approx(one.chance / 5) == pytest.approx(guardrails.CHANCE / 5)
    assert guardrails.failing_pictures(one) is not None
    assert guardrails.failing_pictures(five) is None


def test_orders_are_compared_inside_each_phase(shop: Any) -> None:
    """The second phase buys more and comes to one arm: in neither phase does it order more."""
    phase = shop.experiment.phases.get()
    arms = list(shop.experiment.arms.order_by("position"))
    second = Phase(pk=-1, experiment=shop.experiment, number=2, weights=phase.weights)

    def sums(visitors: int, clicks: int, orders: int) -> ArmSums:
        """Each clicks and orders once at most."""
        return ArmSums(
            visitors=visitors,
            clicking_visitors=clicks,
            clicks=clicks,
            clicks_squared=clicks,
            conversions=orders,
            conversions_squared=orders,
            clicks_conversions=orders,
        )

    case = guardrails._Case(
        arms=arms,
        phases=[phase, second],
        sums={
            (phase.pk, arms[0].pk): sums(5000, 1000, 200),
            (phase.pk, arms[1].pk): sums(5000, 2000, 180),
            (second.pk, arms[0].pk): sums(1000, 200, 100),
            (second.pk, arms[1].pk): sums(9000, 4000, 800),
        },
        planned=20_000,
    )
    alarm = guardrails.clickbait(case)
    assert alarm is not None and alarm.because == "clickbait"
    rates = alarm.detail["orders_per_visitor"]
    assert rates["warm"] > rates["control"]  # added up it would seem to sell more
