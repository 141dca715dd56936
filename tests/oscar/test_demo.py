"""`demo_oscar` fills a shop of Oscar's, twice without doing anything twice."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def test_the_shop_is_filled_once(make_style: Any) -> None:
    from oscar.core.loading import get_model

    from shop_style.oscar.shop import load_shop

    rows, new = load_shop(Path(settings.DEMO_FIXTURES))
    assert new == len(rows) > 5
    again, none_new = load_shop(Path(settings.DEMO_FIXTURES))
    assert none_new == 0 and [row.pk for row in again] == [row.pk for row in rows]
    product = get_model("catalogue", "Product").objects.first()
    assert product.stockrecords.get().price > 0 and product.categories.exists()


def test_fixtures_that_are_missing_are_named(tmp_path: Path, settings: Any) -> None:
    settings.DEMO_FIXTURES = tmp_path
    with pytest.raises(CommandError, match=r"catalogue\.json cannot be read"):
        call_command("demo_oscar", stdout=io.StringIO())
