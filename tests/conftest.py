"""Fixtures for every test: real files in a real folder, pictures made on the spot."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

Picture = Callable[..., bytes]

# Oscar's host has settings of its own: `make test-oscar`.
if os.environ.get("DJANGO_SETTINGS_MODULE") != "settings.oscar":
    collect_ignore = ["oscar"]


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # for workers started by tests
    # Renders of small pictures are slower on many threads than on one.
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def django_db_modify_db_settings_xdist_suffix() -> None:
    """No other names for databases: each process has a folder of its own (settings/test.py)."""


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


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    """No snapshot, model, counters, throttles or language of another test."""
    from django.core.cache import cache
    from django.utils import translation

    from shop_style.experiments.snapshot import forget_snapshot
    from shop_style.experiments.tally import tally
    from shop_style.generation.acceptance import forget_parameters

    forget_parameters()
    forget_snapshot()
    tally.clear()
    cache.clear()
    # A request's language stays with its thread, which is the tests' own.
    translation.deactivate()
    yield
    translation.deactivate()
    forget_snapshot()
    tally.clear()


BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


@pytest.fixture
def browser() -> Callable[..., Any]:
    """A shopper's browser: a client with its own cookies and a browser's user agent."""
    from django.test import Client

    def make(**headers: str) -> Any:
        return Client(headers={"user-agent": BROWSER, **headers})

    return make


@pytest.fixture
def publish_variant() -> Callable[..., Any]:
    """A published variant of a row's picture, with files of its own; any column may be given."""
    from django.contrib.contenttypes.models import ContentType
    from django.core.files.base import ContentFile
    from django.utils import timezone

    from shop_style.models import Status, StyleVariant
    from shop_style.models.storage import variant_storage
    from shop_style.models.variant import Review
    from shop_style.sources import source_image

    def stored(size: tuple[int, int], kind: str) -> dict[str, Any]:
        stream = io.BytesIO()
        Image.new("RGB", size, "#a05030").save(stream, kind)
        name = variant_storage().save(
            f"shop_style/variants/v.{kind}", ContentFile(stream.getvalue())
        )
        return {"name": name, "format": kind, "width": size[0], "height": size[1]}

    def make(row: Any, style: Any, **values: Any) -> Any:
        picture = source_image(row)
        renditions = [
            stored(size, kind) for kind in ("webp", "jpeg") for size in ((96, 80), (48, 40))
        ]
        columns: dict[str, Any] = {
            "content_type": ContentType.objects.get_for_model(type(row)),
            "object_id": str(row.pk),
            "field": picture.source.field,
            "style": style,
            "source_name": picture.name,
            "source_digest": "0" * 64,
            "recipe_digest": style.digest,
            "status": Status.READY,
            "review": Review.APPROVED,
            "published_at": timezone.now(),
            "image": renditions[0]["name"],
            "width": 96,
            "height": 80,
            "renditions": renditions,
            "digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/"
            "trainedAlgorithmicMedia",
            "passed": True,
        }
        return StyleVariant.objects.create(**{**columns, **values})

    return make


@dataclass
class Shop:
    """Chairs with a published variant each, and an experiment over them that may be started."""

    chairs: list[Any]
    style: Any
    experiment: Any

    def start(self, **values: Any) -> Any:
        """Start it, and let this process see it at once."""
        from shop_style.experiments import lifecycle
        from shop_style.experiments.snapshot import forget_snapshot

        if values:
            type(self.experiment).objects.filter(pk=self.experiment.pk).update(**values)
        phase = lifecycle.start(self.experiment, actor="ada")
        forget_snapshot()
        return phase

    def names(self) -> list[str]:
        """The chairs as the API names them."""
        return [f"shop.chair:{chair.pk}" for chair in self.chairs]


@pytest.fixture
def make_shop(make_chair: Any, make_style: Any, publish_variant: Any) -> Callable[..., Shop]:
    """Make a shop with so many chairs; arms control and warm, half and half."""
    from shop_style.models import Arm, Experiment

    def make(number: int = 4, *, slug: str = "warm-listing", **values: Any) -> Shop:
        style = make_style("warm")
        chairs = [make_chair(name=f"Chair {index}") for index in range(number)]
        for chair in chairs:
            publish_variant(chair, style)
        experiment = Experiment.objects.create(
            slug=slug,
            name="Warm listing",
            **{"placement": "listing", "planned_visitors": 1000, **values},
        )
        Arm.objects.create(experiment=experiment, slug="control", weight=0.5, position=0)
        Arm.objects.create(experiment=experiment, slug="warm", style=style, weight=0.5, position=1)
        return Shop(chairs, style, experiment)

    return make
