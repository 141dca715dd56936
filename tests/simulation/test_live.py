"""The same shoppers by HTTP: placement, token, events, and what the report makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shop_style.experiments.reporting.readout import build_report
from shop_style.models import Event
from tests.api.server import running_server
from tests.simulation.network import Network
from tests.simulation.runs import visits
from tests.simulation.shop import open_shop
from tests.simulation.shopper import USUAL
from tests.simulation.transport import Live

NETWORK = Network(lost=0.0, retried=0.3, alone=0.5, late=0.2)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_shoppers_of_a_running_server_are_counted_as_they_clicked(
    settings: Any, media: Path, tmp_path: Path
) -> None:
    """How well the effect is recovered this way: `python -m tests.benchmarks.simulator`."""
    shop = open_shop(USUAL.tiles)
    with running_server(
        folder=settings.TEST_FOLDER, media=media, log=tmp_path / "gunicorn.log"
    ) as server:
        sent = visits(Live(shop, server.port), USUAL, NETWORK, 40, np.random.default_rng(11))
    report = build_report(shop.experiment)
    assert report.visitors == sent.visitors
    assert sum(arm.clicks for arm in report.arms) == sent.clicks > 10
    assert sum(arm.viewable for arm in report.arms) == sent.viewable
    assert sent.duplicates > 0 and not report.is_mismatched
    # Each visitor in one arm, on every page and whatever came late.
    arms = {arm.slug: arm.visitors for arm in report.arms}
    assert set(arms) == {"control", "warm"} and min(arms.values()) > 5
    pairs = Event.objects.values("visitor", "arm").distinct().count()
    assert pairs == sent.visitors
