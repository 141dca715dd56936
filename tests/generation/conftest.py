"""Rows with pictures, for the tests of generation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile

from shop_style.sources import SourceImage, source_image
from tests.shop.models import Vase


@pytest.fixture
def chair(make_chair: Any) -> SourceImage:
    return source_image(make_chair())


@pytest.fixture
def vase(settings: Any, picture: Any) -> Callable[..., SourceImage]:
    """A shop that keeps masks of its own."""
    settings.SHOP_STYLE = {
        **settings.SHOP_STYLE,
        "SOURCES": ["shop.Vase.photo"],
        "MASKS": {"shop.Vase.photo": "cutout"},
    }

    def make(mask: bytes | None = None) -> SourceImage:
        row = Vase(photo=ContentFile(picture(), name="vase.jpg"))
        if mask:
            row.cutout = ContentFile(mask, name="cutout.png")  # type: ignore[assignment]
        row.save()
        return source_image(row)

    return make
