"""A storefront with one product, and fixtures like the bundled ones in a folder of the test's."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from shop_style.demo.models import Product, ProductImage
from shop_style.models import Status, Style, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.models.variant import Review


@pytest.fixture
def make_photo(picture: Callable[..., bytes]) -> Callable[..., ProductImage]:
    """A product with one picture."""

    def make(slug: str = "mug", **values: Any) -> ProductImage:
        product = Product.objects.create(name=slug.title(), slug=slug, price=12)
        data = ContentFile(picture(**values), name=f"{slug}.jpg")
        return ProductImage.objects.create(product=product, image=data, alt=f"A {slug}")

    return make


@pytest.fixture
def make_variant() -> Callable[..., StyleVariant]:
    """A published variant of a picture, with real files; any column may be given."""

    def make(image: ProductImage, style: Style, **values: Any) -> StyleVariant:
        renditions = [
            {"name": _stored(size, kind), "format": kind, "width": size[0], "height": size[1]}
            for kind in ("webp", "jpeg")
            for size in ((96, 80), (48, 40))
        ]
        columns: dict[str, Any] = {
            "content_type": ContentType.objects.get_for_model(ProductImage),
            "object_id": str(image.pk),
            "field": "image",
            "style": style,
            "source_name": image.image.name,
            "source_digest": "0" * 64,
            "recipe_digest": style.digest,
            "status": Status.READY,
            "review": Review.APPROVED,
            "published_at": timezone.now(),
            "image": renditions[0]["name"],
            "width": 96,
            "height": 80,
            "renditions": renditions,
            "passed": True,
            "ssim": 0.871,
            "perceptual": 0.125,
            "perceptual_name": "ST-LPIPS (AlexNet)",
            "delta_e": 7.2,
            "seconds": 1.5,
        }
        return StyleVariant.objects.create(**{**columns, **values})

    return make


@pytest.fixture
def fixtures(tmp_path: Path, picture: Callable[..., bytes], reference: bytes) -> Path:
    """A tiny catalogue of two products and three pictures, and the three styles."""
    folder = tmp_path / "fixtures"
    for name in ("catalogue", "styles"):
        (folder / name).mkdir(parents=True)
    for name, colour in (("mug", "red"), ("mug-back", "blue"), ("jar", "green")):
        (folder / "catalogue" / f"{name}.jpg").write_bytes(picture(colour=colour))
    products = [
        {
            "slug": "mug",
            "name": "Tea mug",
            "description": "For tea.",
            "price": "18.00",
            "images": [
                {"file": "catalogue/mug.jpg", "alt": "front", "background": "white", "text": []},
                {"file": "catalogue/mug-back.jpg", "alt": "back"},
            ],
        },
        {"slug": "jar", "name": "Jar", "images": [{"file": "catalogue/jar.jpg", "alt": "jar"}]},
    ]
    styles = []
    for slug in ("grade", "watercolour", "graphic", "unused"):
        (folder / "styles" / f"{slug}.png").write_bytes(reference)
        styles.append(
            {"slug": slug, "name": slug.title(), "file": f"styles/{slug}.png", "licence": "MIT"}
        )
    (folder / "catalogue.json").write_text(json.dumps(products), encoding="utf-8")
    (folder / "styles.json").write_text(json.dumps(styles), encoding="utf-8")
    return folder


def _stored(size: tuple[int, int], kind: str) -> str:
    stream = io.BytesIO()
    Image.new("RGB", size, "#a05030").save(stream, kind)
    name = f"shop_style/variants/w{size[0]}.{kind}"
    return variant_storage().save(name, ContentFile(stream.getvalue()))
