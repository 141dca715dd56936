"""Calls of the API as a storefront makes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def post(browser: Callable[..., Any]) -> Callable[..., Any]:
    """POST JSON to an endpoint, as a browser without cookies unless one is given."""

    def call(address: str, body: Any, *, client: Any = None, kind: str = "", **headers: str) -> Any:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return (client or browser()).post(
            f"/shop-style/{address}/",
            data,
            content_type=kind or "application/json",
            headers=headers,
        )

    return call


@pytest.fixture
def shop(make_shop: Callable[..., Any]) -> Any:
    """A shop whose experiment runs."""
    shop = make_shop()
    shop.start()
    return shop
