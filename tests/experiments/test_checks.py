"""System checks: what would keep an experiment from working, with the way out."""

from __future__ import annotations

from typing import Any

import pytest

from shop_style.checks import MIDDLEWARE, check_callables, check_deployment, check_experiments

pytestmark = pytest.mark.django_db


def ids(found: Any) -> list[str]:
    assert all(item.hint for item in found)
    return [item.id.removeprefix("shop_style.") for item in found]


@pytest.mark.parametrize("key", ["CONSENT", "VISIBLE_ROWS", "ALT_TEXT"])
@pytest.mark.parametrize("path", ["nowhere.at.all", "shop_style.no_such", "shop_style.__doc__"])
def test_a_path_that_leads_to_no_function(settings: Any, key: str, path: str) -> None:
    assert ids(check_callables()) == []
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, key: path}
    assert ids(check_callables()) == ["E011"]
    assert key in check_callables()[0].msg


def test_a_live_experiment_needs_the_middleware(make_shop: Any, settings: Any) -> None:
    shop = make_shop(2)
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != MIDDLEWARE]
    assert ids(check_experiments(databases=["default"])) == []
    shop.start()
    assert ids(check_experiments(databases=["default"])) == ["W003"]
    assert "warm-listing" in check_experiments(databases=["default"])[0].msg
    assert ids(check_experiments(databases=None)) == []


@pytest.mark.urls("shop_style.demo.urls")
def test_a_live_experiment_needs_the_api(make_shop: Any) -> None:
    make_shop(2).start()
    assert ids(check_experiments(databases=["default"])) == ["W004"]


def test_limits_behind_an_unknown_proxy(settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "VISIBLE_ROWS": "shop_style.demo.models.on_show"}
    assert ids(check_deployment()) == []  # the test settings limit nothing
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "THROTTLES": {"events": "9/min"}}
    assert ids(check_deployment()) == ["W005"]
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 0}
    assert ids(check_deployment()) == []


def test_an_api_that_shows_every_row(settings: Any) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 0}
    assert ids(check_deployment()) == ["W006"]
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "VISIBLE_ROWS": "shop_style.demo.models.on_show"}
    assert ids(check_deployment()) == []
