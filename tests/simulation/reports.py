"""Faults that a report's checks tell of, planted where 100,000 visitors are affordable: in sums."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
from django.db.models import F
from django.utils import timezone

from shop_style.experiments import lifecycle
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.models import (
    DailyTally,
    Event,
    Experiment,
    PhaseVariant,
    RollupMark,
    StyleVariant,
)
from tests.conftest import BROWSER
from tests.simulation.doors import CLICK, opened, said
from tests.simulation.network import Network
from tests.simulation.runs import visits
from tests.simulation.shop import Shop, recompile
from tests.simulation.shopper import USUAL
from tests.simulation.totals import CROWD, Crowd, come
from tests.simulation.transport import InProcess

USUALLY = Crowd()


def alarms(shop: Shop) -> set[str]:
    """Names of the report's checks that are not green, but those that lack data."""
    experiment = Experiment.objects.get(pk=shop.experiment.pk)
    return {check.name for check in build_report(experiment).checks if check.light in BAD}


BAD = ("red", "amber")


def healthy(shop: Shop, **warm: Any) -> set[str]:
    """Two crowds alike, but for what is said of the second."""
    come(shop, "control", USUALLY)
    come(shop, "warm", replace(USUALLY, **warm))
    RollupMark.objects.update_or_create(pk=1, defaults={"rolled_at": timezone.now()})
    return alarms(shop)


def one_percent_mismatch(shop: Shop) -> set[str]:
    """Of 100,000 visitors 51 % in one arm and 49 % in the other: one point off."""
    come(shop, "control", replace(USUALLY, enrolled=51_000, visitors=51_000))
    come(shop, "warm", replace(USUALLY, enrolled=49_000, visitors=49_000))
    return alarms(shop)


def lost_beacons_in_one_arm(shop: Shop) -> set[str]:
    """Three of a hundred visitors of an arm report nothing, although they were given their page."""
    return healthy(shop, visitors=int(0.97 * CROWD))


def slow_arm(shop: Shop) -> set[str]:
    """Heavier pictures: some leave before any is in view."""
    return healthy(shop, viewing=0.91)


def broken_pictures_in_one_arm(shop: Shop) -> set[str]:
    return healthy(shop, failing=0.03)


def bot_wave_on_one_arm(shop: Shop) -> set[str]:
    """A program that found one arm's pages clicks on all of them."""
    return healthy(shop, flagged=0.01)


def clickbait(shop: Shop) -> set[str]:
    """A fifth more clicks, and no order more."""
    return healthy(shop, rate=1.2 * USUALLY.rate, ordering=USUALLY.ordering / 1.25)


def ranking_that_reacts(shop: Shop) -> set[str]:
    """The shop ranks by clicks, so that styled products rise: more is seen at the top, less below.
    As many pictures are seen as before."""
    return healthy(shop, seen=(3.9, 1.25, 0.35))


def fewer_pictures_seen(shop: Shop) -> set[str]:
    """As many clicks a visitor on fewer pictures: a higher CTR that earns nothing."""
    less = 0.8
    return healthy(shop, rate=USUALLY.rate / less, seen=tuple(less * mean for mean in USUALLY.seen))


def weights_changed_in_place(shop: Shop) -> set[str]:
    """Somebody edits the phase's row instead of beginning another phase."""
    healthy(shop)
    phase = shop.experiment.phases.get()
    control, warm = shop.experiment.arms.order_by("position")
    phase.weights = {str(control.pk): 0.2, str(warm.pk): 0.8}
    phase.save()
    return alarms(shop)


def salt_of_another_experiment(shop: Shop) -> set[str]:
    """A row that was copied, salts and all."""
    healthy(shop)
    copied = Experiment.objects.get(pk=shop.experiment.pk)
    copied.pk, copied.slug, copied.state = None, "copied", Experiment.State.FINISHED
    copied.save()
    return alarms(shop)


def one_salt_for_everything(shop: Shop) -> set[str]:
    """Coverage 0.5 drawn with the salt of the arms: who takes part is always in the first arm."""
    salts = {"coverage_salt": F("arm_salt"), "coverage": 0.5}
    Experiment.objects.filter(pk=shop.experiment.pk).update(**salts)
    recompile(shop)
    visits(InProcess(shop), USUAL, Network(), 120, np.random.default_rng(2))
    return alarms(shop)


def swapped_pictures(shop: Shop) -> set[str]:
    """The frozen rows of both arms exchanged: the control shows the style."""
    healthy(shop)
    control = shop.experiment.arms.get(slug="control")
    PhaseVariant.objects.update(arm=control)
    return alarms(shop)


def picture_of_another_style(shop: Shop) -> set[str]:
    healthy(shop)
    other = shop.experiment.arms.get(slug="warm").style
    other.pk, other.slug = None, "cold"
    other.save()
    variant = StyleVariant.objects.order_by("pk").first()
    assert variant is not None
    StyleVariant.objects.filter(pk=variant.pk).update(style=other)
    return alarms(shop)


def cookies_lost_in_one_arm(shop: Shop) -> set[str]:
    """The styled pages lose their visitor, who comes to the next page as somebody else."""
    transport, rng = InProcess(shop), np.random.default_rng(6)
    order = list(range(USUAL.tiles))
    for _ in range(130):
        visitor = transport.newcomer(rng)
        for _page in range(4):
            shown = transport.page(order, visitor, BROWSER)
            said(shown.token, [{"kind": "viewable", "position": place} for place in order])
            visitor = transport.newcomer(rng) if any(shown.styled) else shown.visitor
    rollup()
    return alarms(shop)


def page_shared_by_a_cache(shop: Shop) -> set[str]:
    """A cache that heeds no `private` hands each page to nine others."""
    for seed in range(12):
        token = opened(shop, seed).token
        for _reader in range(10):
            said(token, [{"kind": "viewable", "position": place} for place in range(4)] + [CLICK])
    rollup()
    return alarms(shop)


def clock_ahead(shop: Shop) -> set[str]:
    """A web server whose clock is twenty minutes ahead."""
    said(opened(shop).token)
    Event.objects.update(at=timezone.now() + timedelta(minutes=20))
    rollup()
    return alarms(shop)


def rollups_stopped(shop: Shop) -> set[str]:
    healthy(shop)
    RollupMark.objects.update(rolled_at=timezone.now() - timedelta(days=2))
    return alarms(shop)


def raised_coverage(shop: Shop) -> set[str]:
    """No fault, though it looks like one: more visitors come, and nobody changes arms."""
    Experiment.objects.filter(pk=shop.experiment.pk).update(coverage=0.3)
    recompile(shop)
    transport, rng = InProcess(shop), np.random.default_rng(4)
    order = list(range(USUAL.tiles))
    known = [transport.page(order, transport.newcomer(rng), BROWSER) for _ in range(150)]
    lifecycle.raise_coverage(shop.experiment, 1.0, actor="ada")
    forget_snapshot()
    inside = [shown for shown in known if shown.token]
    again = [transport.page(order, shown.visitor, BROWSER) for shown in inside]
    assert 20 < len(inside) < 75
    assert [shown.styled for shown in again] == [shown.styled for shown in inside]
    visits(transport, USUAL, Network(), 150, rng)
    assert DailyTally.objects.filter(kind="visitor").count() == 2
    return alarms(shop)
