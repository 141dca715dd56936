"""A shop with a running experiment over 48 pictures, and what shoppers' browsers report of it."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from shop_style.demo.models import Product, ProductImage
from shop_style.experiments import lifecycle
from shop_style.experiments.snapshot import current_snapshot, forget_snapshot
from shop_style.experiments.tokens import Exposure, new_page_view, page_token
from shop_style.models import Arm, Experiment, PhaseProduct, Status, Style, StyleVariant
from shop_style.models.variant import Review

TILES = 48
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


def make_shop() -> list[str]:
    """Migrate, fill and start. Returns the public names of the pictures."""
    call_command("migrate", verbosity=0)
    style = Style.objects.create(slug="warm", name="Warm", engine="grade")
    pictures = [_picture(number) for number in range(TILES)]
    for picture in pictures:
        _publish(picture, style)
    experiment = Experiment.objects.create(
        slug="bench", name="Bench", placement="listing", planned_visitors=10_000
    )
    Arm.objects.create(experiment=experiment, slug="control", weight=0.5, position=0)
    Arm.objects.create(experiment=experiment, slug="warm", style=style, weight=0.5, position=1)
    lifecycle.start(experiment, actor="bench")
    forget_snapshot()
    return [f"demo.productimage:{picture.pk}" for picture in pictures]


def _picture(number: int) -> ProductImage:
    product = Product.objects.create(name=f"Product {number}", slug=f"product-{number}")
    name = default_storage.save(f"products/{number}.jpg", ContentFile(b"a file"))
    picture = ProductImage(product=product, alt=f"Product {number} from the front")
    picture.save()
    # The file is no picture, so its size cannot be measured.
    ProductImage.objects.filter(pk=picture.pk).update(image=name, width=1200, height=1200)
    return ProductImage.objects.get(pk=picture.pk)


def _publish(picture: ProductImage, style: Style) -> None:
    token = secrets.token_hex(8)
    renditions, originals = (
        [
            {"name": f"shop_style/variants/{token}/{kind}{width}.{form}", "format": form}
            | {"width": width, "height": width, "bytes": 1}
            for form in ("webp", "jpeg")
            for width in (1200, 1024, 640, 320)
        ]
        for kind in ("", "original-")
    )
    default_storage.save(str(renditions[0]["name"]), ContentFile(b"a file"))
    StyleVariant.objects.create(
        content_type=ContentType.objects.get_for_model(ProductImage),
        object_id=str(picture.pk),
        field="image",
        style=style,
        source_name=picture.image.name,
        source_digest="0" * 64,
        recipe_digest=style.digest,
        status=Status.READY,
        review=Review.APPROVED,
        published_at=timezone.now(),
        image=renditions[0]["name"],
        width=1200,
        height=1200,
        renditions=renditions,
        original_renditions=originals,
        digital_source_type="http://cv.iptc.org/newscodes/digitalsourcetype/"
        "algorithmicallyEnhanced",
        passed=True,
    )


def reports(number: int, events: int) -> list[str]:
    """Bodies of so many reports, each of another page view and visitor, with `events` new events:
    pictures rendered and seen from the top, and a click on each 24th."""
    phase = current_snapshot().experiments[0].phases
    entry = next(iter(phase.values()))
    rows = PhaseProduct.objects.filter(phase=entry.id).order_by("pk")
    products = dict(enumerate(rows.values_list("pk", flat=True)))
    experiment = current_snapshot().experiments[0].id
    found: list[dict[str, Any]] = []
    for position in products:
        kinds = (
            ("rendered", "viewable", "click") if position % 12 == 11 else ("rendered", "viewable")
        )
        found += [{"kind": kind, "position": position} for kind in kinds]
    bodies = []
    for index in range(number):
        exposure = Exposure(
            experiment=experiment,
            phase=entry.id,
            arm=entry.arms[index % 2].id,
            visitor=secrets.token_hex(12),
            products=products,
        )
        token = page_token(new_page_view(), [exposure]).signed()
        bodies.append(json.dumps({"token": token, "events": found[:events]}))
    return bodies
