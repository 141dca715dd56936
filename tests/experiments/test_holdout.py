"""A share of all visitors whom nothing is tried on, the same ones for good."""

from __future__ import annotations

from typing import Any

import pytest

from shop_style.experiments import lifecycle
from shop_style.experiments.holdout import is_held_out
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import Holdout, forget_snapshot
from shop_style.models import Event, ServingSnapshot
from tests.experiments.test_assignment import VISITORS, arm_of, experiment
from tests.experiments.test_storefront import is_styled, page, token_of
from tests.experiments.visits import visit

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.experiments.storefront")]


def hold_out(settings: Any, share: float) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "HOLDOUT": share}
    forget_snapshot()


def test_another_share_moves_the_difference_alone_and_says_nothing_of_the_arm() -> None:
    small, large = (Holdout(salt="h" * 32, share=share) for share in (0.1, 0.3))
    held = {visitor for visitor in VISITORS if small.holds(visitor)}
    assert abs(len(held) / len(VISITORS) - 0.1) < 0.01
    assert all(large.holds(visitor) for visitor in held)
    before, after = experiment(holdout=small), experiment(holdout=large)
    assert {v for v in VISITORS if arm_of(before, v) is None} == held
    for visitor in VISITORS[:4000]:
        if not large.holds(visitor):
            assert (
                arm_of(after, visitor) == arm_of(before, visitor) == arm_of(experiment(), visitor)
            )
        elif visitor not in held:
            # Who has entered stays until the end, whatever becomes of the share.
            assert arm_of(after, visitor, phases={7: 1}) == arm_of(before, visitor)
    first = sum(arm_of(experiment(), visitor) == "arm-0" for visitor in held)
    assert abs(first / len(held) - 0.5) < 5 * 0.5 / len(held) ** 0.5


def test_the_held_out_see_originals_uncounted_and_the_report_says_how_many_pages(
    browser: Any, make_shop: Any, settings: Any
) -> None:
    shop = make_shop()
    hold_out(settings, 0.5)
    shop.start()
    clients = [browser() for _ in range(24)]
    tokens = [token_of(page(client)) for client in clients]
    held = [client for client, token in zip(clients, tokens, strict=True) if not token]
    assert 3 <= len(held) <= 21  # of 24 by halves; outside with p < 1e-4
    for client in held:
        for address in ("/", "/singles/"):
            assert not is_styled(page(client, address)) and not token_of(page(client, address))
        signed = client.cookies["shop_style_visitor"].value
        assert is_held_out(signed) is True
    seen = next(client for client in clients if client not in held)
    assert is_held_out(seen.cookies["shop_style_visitor"].value) is False
    assert is_held_out("nobody") is None
    request = held[0].get("/").wsgi_request
    assert is_held_out(request) is True
    request.META["HTTP_DNT"] = "1"
    del request.headers
    assert is_held_out(request) is None
    rollup()
    report = build_report(shop.experiment)
    assert report.excluded["holdout"] == len(held) * 5 + 1
    assert not Event.objects.exists()


def test_published_variants_do_not_reach_them_either(
    browser: Any, make_shop: Any, settings: Any
) -> None:
    make_shop()
    client = browser()
    assert is_styled(page(client)) and "shop_style_visitor" not in client.cookies
    hold_out(settings, 0.5)
    arms: dict[bool, Any] = {}
    for _ in range(40):
        client = browser()
        response = client.get("/")
        assert response["Cache-Control"] == "private"
        arms.setdefault(is_styled(response.content.decode()), client)
    assert len(arms) == 2
    for styled, client in arms.items():
        assert all(is_styled(page(client)) == styled for _ in range(2))
        assert is_held_out(client.cookies["shop_style_visitor"].value) is not styled
    # Who takes no part at all sees what the shop publishes.
    assert all(is_styled(page(browser(sec_gpc="1"))) for _ in range(6))


def test_its_salt_outlives_every_experiment(make_shop: Any, settings: Any) -> None:
    hold_out(settings, 0.5)
    shop = make_shop()
    visit(shop)
    salt = ServingSnapshot.objects.get().holdout_salt
    assert len(salt) == 32
    shop.start()
    lifecycle.finish(shop.experiment, actor="ada")
    assert ServingSnapshot.objects.get().holdout_salt == salt
