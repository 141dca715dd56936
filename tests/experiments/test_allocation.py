"""Weights that follow the results: what they follow, what is logged, what refuses them."""

from __future__ import annotations

import io
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone

from shop_style.experiments import lifecycle
from shop_style.experiments.allocation import FLOOR, MIN_CHANGE, Reallocation, reallocate
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.models import Arm, AuditEntry, Experiment, SummaryTotals
from styleeval.inference import Summary, thompson_allocation
from tests.experiments.crowd import Habits, come
from tests.experiments.visits import visit, visit_arm

pytestmark = pytest.mark.django_db


def seen(shop: Any, *, control: int, warm: int, visitors: int = 200, name: str = "") -> None:
    """So many visitors come to each arm, so many of them click; the totals know of it."""
    come(shop, "control", Habits(visitors=visitors, clicking=control), name=name)
    come(shop, "warm", Habits(visitors=visitors, clicking=warm), name=name)
    rollup()


def weights(shop: Any) -> dict[str, float]:
    phase = shop.experiment.phases.latest("number")
    return {arm.slug: phase.weights[str(arm.pk)] for arm in shop.experiment.arms.all()}


def by_slug(found: Reallocation) -> dict[str, Any]:
    return {arm.slug: arm for arm in found.arms}


def command(*arguments: str) -> str:
    output = io.StringIO()
    call_command("reweigh_experiment", "warm-listing", *arguments, stdout=output)
    return output.getvalue()


def test_new_visitors_follow_the_results_and_the_trail_has_their_propensities(
    make_shop: Any,
) -> None:
    shop = make_shop()
    shop.start()
    early = visit(shop)
    seen(shop, control=40, warm=52)
    found = reallocate(shop.experiment, actor="ada")
    # The same from the visitors themselves: four pictures in view each, one click of some.
    own = thompson_allocation([[clicking(200, 40), clicking(200, 52)]], floor=FLOOR)
    assert own.weights and own.chances and 0.8 < own.chances[1] < 0.99
    assert found.phase == 2 and found.reasons == ()
    assert by_slug(found)["warm"].chance == pytest.approx(own.chances[1], abs=1e-12)
    assert list(weights(shop).values()) == pytest.approx(own.weights, abs=1e-12)
    assert weights(shop) == {arm.slug: arm.weight for arm in Arm.objects.all()}
    entry = AuditEntry.objects.get(verb="weights changed")
    assert entry.actor == "ada" and "thompson" in entry.reason
    assert entry.detail["arms"] == ["control", "warm"] and entry.detail["before"] == [0.5, 0.5]
    assert entry.detail["weights"] == list(weights(shop).values())
    assert entry.detail["visitors"] == [200, 200] and entry.detail["floor"] == FLOOR
    forget_snapshot()
    again = visit(shop, early.visitor)
    assert again.is_styled == early.is_styled
    arms = Counter(visit(shop).is_styled for _ in range(120))
    assert arms[True] > 80  # 105 of 120 are expected, with a deviation of 3.6
    few = round(60 * weights(shop)["control"])
    newcomers = [visit_arm(shop, styled=False) for _ in range(few)]
    newcomers += [visit_arm(shop, styled=True) for _ in range(60 - few)]
    for seeing in (again, *newcomers):
        seeing.page.finish(HttpResponse())
        seeing.report(("viewable", 0))
    rollup()
    counted = {
        (row["phase__number"], row["arm__slug"]): row["visitors"]
        for row in SummaryTotals.objects.filter(slice=SummaryTotals.ALL).values(
            "phase__number", "arm__slug", "visitors"
        )
    }
    first = {"control": 200, "warm": 200}
    first["warm" if early.is_styled else "control"] += 1
    assert counted == {
        (1, "control"): first["control"],
        (1, "warm"): first["warm"],
        (2, "control"): few,
        (2, "warm"): 60 - few,
    }
    shop.experiment.refresh_from_db()
    assert shop.experiment.state == Experiment.State.RUNNING
    rendered = [it for it in build_report(shop.experiment).splits if it.stage == "rendered"]
    assert rendered and not any(it.mismatched for it in rendered)


def clicking(visitors: int, number: int) -> Summary:
    return Summary.of([1] * number + [0] * (visitors - number), [4] * visitors)


def test_a_clear_winner_leaves_the_others_their_floor(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    seen(shop, control=30, warm=120)
    reallocate(shop.experiment, actor="ada")
    assert weights(shop) == pytest.approx({"control": FLOOR, "warm": 1 - FLOOR}, abs=1e-6)


def test_phases_are_read_apart_and_a_small_change_begins_none(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    seen(shop, control=40, warm=52)
    first = by_slug(reallocate(shop.experiment, actor="ada"))
    same = reallocate(shop.experiment, actor="ada")
    assert same.phase is None and shop.experiment.phases.count() == 2
    assert f"from {100 * MIN_CHANGE:g} on" in same.reasons[0]
    # A busy week: as many come to each arm as its weight says, and the style does worse.
    many = round(800 * first["warm"].after)
    few = 800 - many
    come(shop, "control", Habits(visitors=few, clicking=few * 3 // 4), name="b")
    come(shop, "warm", Habits(visitors=many, clicking=many // 2), name="b")
    rollup()
    later = by_slug(reallocate(shop.experiment, actor="ada"))
    assert shop.experiment.phases.count() == 3
    assert later["warm"].after < first["warm"].after
    assert later["warm"].visitors == 200 + many
    phases = [
        [clicking(200, 40), clicking(200, 52)],
        [clicking(few, few * 3 // 4), clicking(many, many // 2)],
    ]
    expected = thompson_allocation(phases, floor=FLOOR).weights
    assert list(weights(shop).values()) == pytest.approx(expected, abs=1e-12)
    assert build_report(shop.experiment).phases == 3


@pytest.mark.parametrize(
    ("visitors", "clicks", "words"),
    [(90, 60, "arm warm has 90 of 100 visitors"), (200, 9, "arm control has 9 of 25 clicks")],
)
def test_nothing_is_followed_before_there_is_data(
    make_shop: Any, visitors: int, clicks: int, words: str
) -> None:
    shop = make_shop()
    shop.start()
    seen(shop, control=clicks, warm=clicks, visitors=visitors)
    found = reallocate(shop.experiment, actor="ada")
    assert any(words in reason for reason in found.reasons)
    assert found.phase is None and by_slug(found)["warm"].after is None
    assert weights(shop) == {"control": 0.5, "warm": 0.5}
    assert f"Weights stay as they are: {'; '.join(found.reasons)}" in command()


def test_before_any_visitor_weights_stay(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    found = reallocate(shop.experiment, actor="ada")
    assert found.phase is None and "arm control has 0 of 100 visitors" in found.reasons
    assert "Events as of never" in command()


def test_the_command_says_what_it_would_do_and_then_does_it(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    seen(shop, control=30, warm=120)
    dry = command("--dry-run")
    assert "Nothing was changed" in dry and shop.experiment.phases.count() == 1
    rows = [line.split() for line in dry.splitlines() if line.startswith("  ")]
    assert rows[1:] == [
        ["control", "200", "0.0", "%", "50.0", "%", "5.0", "%"],
        ["warm", "200", "100.0", "%", "50.0", "%", "95.0", "%"],
    ]
    assert "Phase 2 has begun. Only new visitors follow its weights" in command()
    assert AuditEntry.objects.get(verb="weights changed").actor == "reweigh_experiment"
    assert "Weights stay as they are" in command()


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"unit": Experiment.Unit.TILE}, "draws each tile by itself"),
        ({"state": Experiment.State.PAUSED}, "is paused"),
        ({"state": Experiment.State.FINISHED}, "is finished"),
        ({"state": Experiment.State.DRAFT}, "is draft"),
        ({"ends_at": timezone.now() - timedelta(hours=1)}, "planned end"),
    ],
)
def test_what_cannot_follow_its_results_says_why(
    make_shop: Any, values: dict[str, Any], words: str, dry_run: bool
) -> None:
    shop = make_shop()
    shop.start()
    Experiment.objects.filter(pk=shop.experiment.pk).update(**values)
    with pytest.raises(CommandError, match=f"bad_experiment_step: .*{words}"):
        command(*(["--dry-run"] if dry_run else []))
    assert shop.experiment.phases.count() == 1


def test_a_phase_that_cannot_begin_leaves_everything_as_it_was(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    seen(shop, control=30, warm=120)
    shop.experiment.phases.get().products.update(left_out_at=timezone.now())
    with pytest.raises(CommandError, match="finish the experiment"):
        command()
    assert weights(shop) == {"control": 0.5, "warm": 0.5}
    assert not AuditEntry.objects.filter(verb="weights changed").exists()
    lifecycle.finish(shop.experiment, actor="ada")


@pytest.mark.django_db(transaction=True)
def test_two_at_once_begin_one_phase(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    seen(shop, control=30, warm=120)
    gate = threading.Barrier(3)
    begun: list[int | None] = []

    def run() -> None:
        experiment = Experiment.objects.get()
        gate.wait()
        try:
            begun.append(reallocate(experiment, actor="ada").phase)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert begun.count(2) == 1 and begun.count(None) == 2
