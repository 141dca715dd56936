"""A shop of real rows: products with a published variant each, and an experiment that runs."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from PIL import Image

from shop_style.experiments import lifecycle
from shop_style.experiments.snapshot import compile_snapshot, forget_snapshot
from shop_style.models import Arm, Experiment, Status, Style, StyleVariant
from shop_style.models.variant import Review
from tests.shop.models import Chair

PLACEMENT = "listing"
SALTS = ("coverage_salt", "arm_salt", "visitor_salt")
SIZE = (24, 20)


@dataclass(frozen=True)
class Shop:
    """Chairs in the order of their numbers, and the experiment over them."""

    chairs: list[Any]
    experiment: Experiment

    def names(self) -> list[str]:
        """The chairs as the API names them."""
        return [f"shop.chair:{chair.pk}" for chair in self.chairs]


def open_shop(tiles: int, *, planned: int = 1000, **values: Any) -> Shop:
    """A shop with so many products, whose experiment (arms control and warm) runs from now on.

    values: further columns of the experiment.
    """
    style = Style.objects.create(slug="warm", name="Warm", engine="grade")
    photo = _picture("#3d6fb4")
    chairs = [
        Chair.objects.create(name=f"Chair {number}", photo=ContentFile(photo, name="chair.jpg"))
        for number in range(tiles)
    ]
    for chair in chairs:
        _publish(chair, style)
    experiment = Experiment.objects.create(
        slug="warm-listing",
        name="Warm listing",
        placement=PLACEMENT,
        planned_visitors=planned,
        **values,
    )
    Arm.objects.create(experiment=experiment, slug="control", weight=0.5, position=0)
    Arm.objects.create(experiment=experiment, slug="warm", style=style, weight=0.5, position=1)
    lifecycle.start(experiment, actor="ada")
    # Known salts, so that a seed draws the same arms again.
    salts = {name: f"{number:032x}" for number, name in enumerate(SALTS, start=1)}
    Experiment.objects.filter(pk=experiment.pk).update(**salts)
    shop = Shop(chairs, experiment)
    recompile(shop)
    return shop


def recompile(shop: Shop) -> None:
    """Serve by the experiment's row as it is now, however it came to be so."""
    with transaction.atomic():
        compile_snapshot()
    forget_snapshot()
    shop.experiment.refresh_from_db()


def _publish(chair: Any, style: Style) -> None:
    """A published variant of one file, the picture in another colour, and its original's file."""
    styled, original = _stored("#a05030"), _stored("#3d6fb4")
    StyleVariant.objects.create(
        content_type=ContentType.objects.get_for_model(type(chair)),
        object_id=str(chair.pk),
        field="photo",
        style=style,
        source_name=chair.photo.name,
        source_digest="0" * 64,
        recipe_digest=style.digest,
        status=Status.READY,
        review=Review.APPROVED,
        published_at=timezone.now(),
        image=styled["name"],
        width=SIZE[0],
        height=SIZE[1],
        renditions=[styled],
        original_renditions=[original],
        passed=True,
    )


def _stored(colour: str) -> dict[str, Any]:
    data = _picture(colour)
    storage = StyleVariant._meta.get_field("image").storage
    name = storage.save("shop_style/variants/v.jpeg", ContentFile(data))
    return {
        "name": name,
        "format": "jpeg",
        "width": SIZE[0],
        "height": SIZE[1],
        "bytes": len(data),
    }


def _picture(colour: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", SIZE, colour).save(stream, "JPEG")
    return stream.getvalue()
