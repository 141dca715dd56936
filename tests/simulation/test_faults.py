"""Each planted fault is caught by the check that is named for it, and a healthy shop by none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shop_style.experiments.guardrails import watch
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.reporting.rows import effect_row
from shop_style.experiments.reporting.verdict import remarks, verdict
from shop_style.models import Experiment
from tests.simulation import reports
from tests.simulation.faults import ANSWERED, REPORTED, Fault
from tests.simulation.network import Network
from tests.simulation.runs import visits
from tests.simulation.shop import Shop, open_shop
from tests.simulation.shopper import USUAL
from tests.simulation.totals import CROWD
from tests.simulation.transport import InProcess

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[2] / "docs" / "experiments.md"


@pytest.fixture
def shop(db: Any) -> Shop:
    """A shop that plans for the crowds that come."""
    return open_shop(USUAL.tiles, planned=2 * CROWD)


def _name(fault: Fault) -> str:
    return f"{fault.plant.__name__}-{fault.check}"


@pytest.mark.parametrize("fault", [*ANSWERED, *REPORTED], ids=_name)
def test_a_planted_fault_is_caught_by_name(shop: Shop, fault: Fault) -> None:
    assert fault.check in fault.plant(shop)


@pytest.mark.parametrize("fault", REPORTED, ids=_name)
def test_no_effect_is_told_beside_a_red_check(shop: Shop, fault: Fault) -> None:
    """Whatever the effect of the planted fault would be."""
    fault.plant(shop)
    report = build_report(Experiment.objects.get(pk=shop.experiment.pk))
    red = {item.name for item in report.checks if item.light == "red"}
    said = verdict(report)
    refused = said.startswith(("Do not trust this result", "Do not decide", "Do not ship"))
    assert (refused or "but they bring no more orders" in said) == bool(red)
    readings = {effect_row(report, item, None, 1).reading for item in report.effects}
    if red - {"clickbait"} and report.effects[0].comparison:
        assert readings == {"not to be trusted: see the checks"}


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (reports.swapped_pictures, "pictures of another’s style"),
        (reports.salt_of_another_experiment, "a salt that is used twice"),
        (reports.one_percent_mismatch, "visitors they were promised"),
        (reports.broken_pictures_in_one_arm, "pictures of Warm do not load"),
    ],
)
def test_the_sentence_names_what_is_wrong(
    shop: Shop, plant: Callable[[Shop], set[str]], words: str
) -> None:
    plant(shop)
    report = build_report(Experiment.objects.get(pk=shop.experiment.pk))
    assert words in verdict(report)
    assert not any("more clicks than" in line for line in remarks(report))


def test_a_healthy_crowd_sets_off_no_check(shop: Shop) -> None:
    assert reports.healthy(shop) == set()


def test_healthy_shoppers_set_off_no_check(shop: Shop) -> None:
    """Through the services, with beacons lost, late and sent twice."""
    visits(InProcess(shop), USUAL, Network(), 230, np.random.default_rng(9))
    assert reports.alarms(shop) == set()


@pytest.mark.parametrize(
    ("plant", "because"),
    [
        (reports.one_percent_mismatch, "sample_ratio"),
        (reports.broken_pictures_in_one_arm, "load_failures"),
        (reports.clickbait, "clickbait"),
        (reports.healthy, ""),
    ],
)
def test_what_would_mislead_or_harm_pauses_the_experiment(
    shop: Shop, plant: Callable[[Shop], set[str]], because: str
) -> None:
    plant(shop)
    watch()
    shop.experiment.refresh_from_db()
    assert shop.experiment.paused_because == because


def test_a_real_launch_effect_sets_off_no_check(shop: Shop) -> None:
    """A tenth more clicks, and a tenth more orders with them."""
    assert reports.healthy(shop, rate=1.1 * reports.USUALLY.rate) == set()


def test_raising_coverage_sets_off_no_check(shop: Shop) -> None:
    assert reports.raised_coverage(shop) == set()


def test_docs_list_every_fault_with_its_check() -> None:
    text = DOCS.read_text()
    assert [fault.row for fault in (*ANSWERED, *REPORTED) if fault.row not in text] == []


def test_there_are_twenty_faults_and_more() -> None:
    assert len({fault.plant for fault in (*ANSWERED, *REPORTED)}) >= 20
