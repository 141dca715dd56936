"""Each planted fault is caught by the check that is named for it, and a healthy shop by none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shop_style.experiments.guardrails import watch
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
