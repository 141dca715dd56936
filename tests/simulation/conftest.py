"""A shop with a running experiment, for shoppers to come to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.shop import Shop, open_shop
from tests.simulation.shopper import USUAL


@pytest.fixture
def shop(db: Any) -> Shop:
    """As many products as shoppers of the model expect."""
    return open_shop(USUAL.tiles)
