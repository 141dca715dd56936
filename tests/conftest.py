"""Fixtures for every test: real files in a real folder, pictures made on the spot."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

Picture = Callable[..., bytes]


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # for workers started by tests
    # Renders of small pictures are slower on many threads than on one.
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """A media folder of the test's own."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


@pytest.fixture
def picture() -> Picture:
    """Make an encoded product picture: a coloured box with print on white."""

    def make(
        *,
        size: tuple[int, int] = (96, 80),
        colour: str = "#3d6fb4",
        kind: str = "JPEG",
        background: str = "white",
    ) -> bytes:
        image = Image.new("RGB", size, background)
        draw = ImageDraw.Draw(image)
        width, height = size
        box = (width // 5, height // 6, width * 4 // 5, height * 5 // 6)
        draw.rectangle(box, fill=colour)
        draw.ellipse((width // 3, height // 3, width // 2, height // 2), fill="#f0c020")
        draw.text((width // 4, height // 2), "TEA", fill="black")
        stream = io.BytesIO()
        image.save(stream, kind, quality=92)
        return stream.getvalue()

    return make


@pytest.fixture
def reference() -> bytes:
    """A style reference: warm diagonal strokes."""
    rows, columns = np.mgrid[0:96, 0:96]
    wave = np.sin((rows + 2 * columns) / 5) * 0.25 + 0.5
    rgb = np.stack([wave + 0.3, wave, 0.6 - wave], -1).clip(0, 1)
    stream = io.BytesIO()
    Image.fromarray((rgb * 255).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def make_style(reference: bytes) -> Iterator[Callable[..., Any]]:
    """Make a saved Style with one reference picture."""
    from django.core.files.base import ContentFile

    from shop_style.models import Style, StyleReference

    def make(slug: str = "warm", *, engine: str = "grade", **values: Any) -> Any:
        style = Style.objects.create(slug=slug, name=slug.title(), engine=engine, **values)
        StyleReference.objects.create(
            style=style, image=ContentFile(reference, name="warm.png"), licence="MIT"
        )
        return style

    yield make


@pytest.fixture
def make_chair(picture: Picture) -> Callable[..., Any]:
    """Make a saved product whose picture is on its own row."""
    from django.core.files.base import ContentFile

    from tests.shop.models import Chair

    def make(*, using: str = "default", data: bytes | None = None, **values: Any) -> Any:
        chair = Chair(photo=ContentFile(data or picture(), name="chair.jpg"), **values)
        chair.save(using=using)
        return chair

    return make
