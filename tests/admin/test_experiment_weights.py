"""A baseline and new weights by buttons: what is shown before, who may press, what refuses."""

from __future__ import annotations

from typing import Any

import pytest

from shop_style.experiments import lifecycle
from shop_style.experiments.rollup import rollup
from shop_style.models import AuditEntry, Experiment
from tests.admin.experiments import (
    EDIT,
    LIST,
    RUN,
    VIEW,
    buttons,
    form,
    page_of,
    row,
    said,
    step,
)
from tests.experiments.crowd import Habits, come

pytestmark = pytest.mark.django_db


def weights_of(experiment: Any) -> str:
    return f"{LIST}{experiment.pk}/weights/"


@pytest.fixture
def shop(make_shop: Any) -> Any:
    """A running experiment whose style is ahead."""
    shop = make_shop()
    shop.start()
    come(shop, "control", Habits(visitors=200, clicking=40))
    come(shop, "warm", Habits(visitors=200, clicking=52))
    rollup()
    return shop


def as_of(page: str) -> str:
    return page.split('name="as_of" value="')[1].split('"')[0]


def test_weights_are_looked_at_and_then_changed(staff: Any, shop: Any) -> None:
    client = staff(VIEW, RUN)
    assert weights_of(shop.experiment) in client.get(page_of(shop.experiment)).content.decode()
    page = client.get(weights_of(shop.experiment)).content.decode()
    assert "50.0 %" in page and "Originals" in page and "Chance to be best" in page
    assert shop.experiment.phases.count() == 1
    response = client.post(
        weights_of(shop.experiment), {"as_of": as_of(page).replace("&#x27;", "'")}, follow=True
    )
    assert said(response) == [("success", "Phase 2 has begun: new visitors follow its weights.")]
    entry = AuditEntry.objects.get(verb="weights changed")
    assert entry.actor == "mira" and entry.detail["before"] == [0.5, 0.5]
    phase = shop.experiment.phases.latest("number")
    shares = [f"{100 * weight:.1f} %" for weight in phase.weights.values()]
    assert all(share in page for share in shares)
    # The change would be none now, and says so instead of a button.
    page = client.get(weights_of(shop.experiment)).content.decode()
    assert "Weights stay as they are:" in page and "a phase begins from 5 on" in page
    assert "as_of" not in page


def test_what_was_looked_at_is_what_is_done(staff: Any, shop: Any) -> None:
    client = staff(VIEW, RUN)
    seen = as_of(client.get(weights_of(shop.experiment)).content.decode())
    come(shop, "control", Habits(visitors=50, clicking=50), name="n")
    rollup()
    response = client.post(weights_of(shop.experiment), {"as_of": seen}, follow=True)
    assert said(response)[0][0] == "warning"
    assert shop.experiment.phases.count() == 1


def test_weights_are_for_whoever_may_run(staff: Any, shop: Any) -> None:
    client = staff(VIEW)
    page = client.get(weights_of(shop.experiment)).content.decode()
    assert "Whoever may run experiments can begin it." in page
    assert client.post(weights_of(shop.experiment)).status_code == 403
    assert shop.experiment.phases.count() == 1


def test_refusals_are_shown_with_their_reason(staff: Any, shop: Any, make_shop: Any) -> None:
    client = staff(VIEW, RUN)
    lifecycle.pause(shop.experiment, actor="ada")
    page = client.get(weights_of(shop.experiment)).content.decode()
    assert "is paused; only the weights of a running one follow its results" in page
    assert "as_of" not in page
    response = client.post(weights_of(shop.experiment), {"as_of": ""}, follow=True)
    assert said(response)[0][0] == "error"


def test_a_baseline_is_declared_begun_and_ended_by_buttons(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.experiment.delete()
    client = staff(*EDIT, RUN)
    client.post(
        f"{LIST}add/",
        {
            **form(baseline_days="14", analysis="cuped"),
            **row(0, slug="control"),
            **row(1, slug="warm", style=shop.style.pk),
            "arms-TOTAL_FORMS": "2",
            "_continue": "1",
        },
        follow=True,
    )
    experiment = Experiment.objects.get()
    assert (experiment.baseline_days, experiment.analysis) == (14, "cuped")
    step(client, experiment, "start")
    assert buttons(client, experiment)[0] == "begin_test"
    page = client.get(page_of(experiment)).content.decode()
    assert "It is in its baseline: every arm shows the originals." in page
    assert "adjusted by what visitors did in the baseline" in page
    assert weights_of(experiment) not in page
    assert "is in its baseline" in client.get(weights_of(experiment)).content.decode()
    response = step(client, experiment, "begin_test", reason="enough have come")
    assert said(response) == [("success", "The test runs with 4 products.")]
    entry = AuditEntry.objects.get(verb="test begun")
    assert (entry.actor, entry.reason) == ("mira", "enough have come")
    assert "begin_test" not in buttons(client, experiment)
    assert said(step(client, experiment, "begin_test"))[0][0] == "error"


def test_visitors_of_a_baseline_count_towards_no_plan(staff: Any, make_shop: Any) -> None:
    shop = make_shop(baseline_days=7)
    shop.start()
    come(shop, "control", Habits(visitors=30))
    rollup()
    client = staff(VIEW)
    assert "0 of 1,000 planned visitors" in client.get(page_of(shop.experiment)).content.decode()
    assert "0 / 1,000" in client.get(LIST).content.decode()
