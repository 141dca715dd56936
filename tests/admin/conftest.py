"""Staff with chosen permissions, and variants with real files."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from shop_style.demo.models import Product, ProductImage
from shop_style.models import Status, Style, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.models.variant import Review
from shop_style.sources import source_image

VIEW_ALL = (
    "shop.view_chair",
    "shop.view_lamp",
    "demo.view_product",
    "shop_style.view_style",
    "shop_style.view_stylevariant",
    "shop_style.view_stylejob",
    "shop_style.view_auditentry",
)
CARD = {
    "schema": 1,
    "ssim": {
        "whole": 0.91,
        "product": 0.87,
        "product_p95": 0.71,
        "worst_tile": {"value": 0.652, "box": [16, 20, 64, 60]},
    },
    "delta_e": {
        "whole": 2.5,
        "product": 7.25,
        "product_p95": 9.75,
        "worst_tile": {"value": 11.5, "box": [0, 0, 32, 40]},
    },
    "perceptual": {
        "whole": 0.05,
        "product": 0.125,
        "product_p95": 0.25,
        "worst_tile": {"value": 0.375, "box": [64, 40, 96, 80]},
    },
    "perceptual_name": "ST-LPIPS (AlexNet)",
    "mask_coverage": 0.4,
    "mask_confidence": 0.97,
    "size": [96, 80],
}


def mapped(value: float, worst: float, box: list[int], **around: Any) -> dict[str, Any]:
    """A measure as a scorecard of schema 2 keeps it."""
    return {
        "whole": value,
        "product": value,
        "product_p95": worst,
        "worst_tile": {"value": worst, "box": box},
        "outside": None,
        "outside_p95": None,
        "outside_worst_tile": None,
        **around,
    }


CARD_2: dict[str, Any] = {
    "schema": 2,
    "ssim": mapped(0.9786, 0.652, [16, 20, 64, 60], outside=0.5),
    "perceptual": mapped(0.125, 0.375, [64, 40, 96, 80]),
    "delta_e": mapped(7.25, 11.5, [0, 0, 32, 40], outside=3.25),
    "hue": mapped(17.6, 24.0, [0, 0, 32, 40]),
    "detail": mapped(0.814, 0.5, [16, 20, 64, 60], outside=0.25),
    "displacement": mapped(0.5, 2.25, [64, 40, 96, 80], outside=9.75),
    "silhouette": 0.9914,
    "edge": 0.05,
    "outline_lost": 0.125,
    "outline_moved": 1.5,
    "halo": 4.5,
    "shading": 0.875,
    "white_kept": 0.5,
    "text": {
        "method": "ocr",
        "share": 0.75,
        "worst": 0.25,
        "edges": 0.625,
        "characters": 24,
        "kept": 18,
        "box": [16, 20, 64, 60],
    },
    "frame": {"fill": 0.8, "white": 1.0},
    "shift": [3.0, -1.5],
    "perceptual_name": "ST-LPIPS (AlexNet)",
    "mask_coverage": 0.4,
    "mask_confidence": 0.97,
    "size": [96, 80],
}
"""As the gate's judge reads it: `Scorecard.from_dict(CARD_2)`."""


@pytest.fixture
def staff() -> Callable[..., Client]:
    """A client of a member of staff who may look at everything, and do what is named."""

    def make(*permissions: str, username: str = "mira") -> Client:
        user = User.objects.create_user(username, is_staff=True)
        for name in (*VIEW_ALL, *permissions):
            label, codename = name.split(".")
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=label, codename=codename)
            )
        client = Client()
        client.force_login(user)
        return client

    return make


def stored(size: tuple[int, int], kind: str, name: str) -> dict[str, Any]:
    """A picture in the variant storage, as a rendition's entry."""
    stream = io.BytesIO()
    Image.new("RGB", size, "#a05030").save(stream, kind)
    saved = variant_storage().save(f"shop_style/variants/{name}", ContentFile(stream.getvalue()))
    return {
        "name": saved,
        "format": kind.lower(),
        "width": size[0],
        "height": size[1],
        "bytes": len(stream.getvalue()),
    }


@pytest.fixture
def make_variant() -> Callable[..., StyleVariant]:
    """A rendered variant of a row's picture, with its files; any column may be given."""

    def make(instance: Any, style: Style, **values: Any) -> StyleVariant:
        from django.contrib.contenttypes.models import ContentType

        picture = source_image(instance)
        renditions = [
            stored((96, 80), "WEBP", "full.webp"),
            stored((48, 40), "WEBP", "small.webp"),
            stored((96, 80), "JPEG", "full.jpg"),
        ]
        columns: dict[str, Any] = {
            "content_type": ContentType.objects.get_for_model(type(instance)),
            "object_id": str(instance.pk),
            "field": picture.source.field,
            "style": style,
            "source_name": picture.name,
            "source_digest": picture.digest(),
            "recipe_digest": style.digest,
            "status": Status.READY,
            "image": renditions[0]["name"],
            "width": 96,
            "height": 80,
            "renditions": renditions,
            "scorecard": CARD,
            "ssim": 0.87,
            "perceptual": 0.125,
            "perceptual_name": "ST-LPIPS (AlexNet)",
            "delta_e": 7.25,
            "passed": True,
            "engine": "grade",
            "seconds": 1.5,
        }
        return StyleVariant.objects.create(**{**columns, **values})

    return make


@pytest.fixture
def published() -> dict[str, Any]:
    """Columns of a variant that shoppers see."""
    return {"review": Review.APPROVED, "published_at": timezone.now()}


@pytest.fixture
def make_photo(picture: Callable[..., bytes]) -> Callable[[int], ProductImage]:
    """A product of the demo shop with one picture."""

    def make(number: int) -> ProductImage:
        product = Product.objects.create(name=f"Mug {number}", slug=f"mug-{number}")
        return ProductImage.objects.create(
            product=product, image=ContentFile(picture(), name=f"mug-{number}.jpg")
        )

    return make
