"""One experiment from the first shopper to its report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from django.utils import timezone

from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.reporting.values import ExperimentReport
from shop_style.experiments.rollup import rollup
from shop_style.models import (
    DailyTally,
    Event,
    Experiment,
    HourlyTotals,
    PairTotals,
    RollupMark,
    SummaryTotals,
    VisitorTotals,
)
from tests.conftest import BROWSER
from tests.simulation.network import Beacon, Network
from tests.simulation.shop import Shop, recompile
from tests.simulation.shopper import Behaviour, Shopper
from tests.simulation.sink import events_in_memory
from tests.simulation.transport import InProcess, Transport

CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@dataclass
class Sent:
    """What happened on the way, to be held beside what was stored."""

    visitors: int = 0
    pages: int = 0
    crawled: int = 0
    viewable: int = 0
    clicks: int = 0
    accepted: int = 0
    duplicates: int = 0


def visits(
    transport: Transport,
    behaviour: Behaviour,
    network: Network,
    visitors: int,
    rng: np.random.Generator,
    *,
    settle: Callable[[], object] = rollup,
) -> Sent:
    """So many visitors come, look and click; their beacons arrive, the late ones after a rollup.

    settle: brings totals up to date.
    """
    sent, late = Sent(), list[Beacon]()
    for _ in range(visitors):
        if rng.random() < behaviour.crawlers:
            assert transport.page(range(behaviour.tiles), "", CRAWLER).token == ""
            sent.crawled += 1
        else:
            _visit(Shopper.drawn(behaviour, rng), transport, network, sent, late)
    settle()
    for beacon in late:
        _deliver(transport, beacon, sent)
    settle()
    return sent


@dataclass(frozen=True)
class Outcome:
    """running: the report before the end; final: at the declared end, by the same visitors."""

    sent: Sent
    running: ExperimentReport
    final: ExperimentReport


def simulated(
    transport: InProcess, behaviour: Behaviour, network: Network, *, visitors: int, seed: int
) -> Outcome:
    """An experiment in this process, with events in memory. Its rows are there until `sweep`."""
    shop = transport.shop
    with events_in_memory() as sink:

        def settle() -> None:
            sink.flush()
            rollup()

        rng = np.random.default_rng(seed)
        sent = visits(transport, behaviour, network, visitors, rng, settle=settle)
        running = build_report(shop.experiment)
        return Outcome(sent, running, final_report(shop))


def final_report(shop: Shop) -> ExperimentReport:
    """The report once the end's date has come, and the rollup has seen that it has."""
    experiment = shop.experiment
    Experiment.objects.filter(pk=experiment.pk).update(ends_at=timezone.now())
    rollup()
    experiment.refresh_from_db()
    return build_report(experiment)


def sweep(shop: Shop) -> None:
    """Remove what visitors left, so that the same experiment can be run anew."""
    totals = (VisitorTotals, SummaryTotals, HourlyTotals, PairTotals, DailyTally)
    for model in (Event, *totals, RollupMark):
        model._default_manager.all().delete()
    running = {"state": Experiment.State.RUNNING, "paused_because": "", "ends_at": None}
    Experiment.objects.filter(pk=shop.experiment.pk).update(**running)
    recompile(shop)


def _visit(
    shopper: Shopper, transport: Transport, network: Network, sent: Sent, late: list[Beacon]
) -> None:
    rng, tiles = shopper.rng, shopper.behaviour.tiles
    visitor = transport.newcomer(rng)
    sent.visitors += 1
    for _ in range(shopper.pages()):
        first = shopper.first_product()
        order = [(first + position) % tiles for position in range(tiles)]
        shown = transport.page(order, visitor, BROWSER)
        visitor, sent.pages = shown.visitor, sent.pages + 1
        depth, clicks = shopper.look(first, shown.styled)
        if not shown.token:
            continue  # takes no part, and has nothing to report to
        sent.viewable, sent.clicks = sent.viewable + depth, sent.clicks + len(clicks)
        for beacon in network.beacons(shown.token, depth, clicks, BROWSER, rng):
            for is_late in network.arrivals(beacon, rng):
                if is_late:
                    late.append(beacon)
                else:
                    _deliver(transport, beacon, sent)


def _deliver(transport: Transport, beacon: Beacon, sent: Sent) -> None:
    answer = transport.report(beacon)
    assert answer["rejected"] == []
    sent.accepted += answer["accepted"]
    sent.duplicates += answer["duplicates"]
