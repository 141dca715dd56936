"""A storefront with one product, and fixtures like the bundled ones in a folder of the test's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from shop_style.demo.models import Product, ProductImage
from shop_style.models import Style, StyleVariant


@pytest.fixture
def make_photo(picture: Callable[..., bytes]) -> Callable[..., ProductImage]:
    """A product with one picture."""

    def make(slug: str = "mug", **values: Any) -> ProductImage:
        product = Product.objects.create(name=slug.title(), slug=slug, price=12)
        data = ContentFile(picture(**values), name=f"{slug}.jpg")
        return ProductImage.objects.create(product=product, image=data, alt=f"A {slug}")

    return make


@pytest.fixture
def make_variant(publish_variant: Callable[..., StyleVariant]) -> Callable[..., StyleVariant]:
    """A published variant with scores; any column may be given."""

    def make(image: ProductImage, style: Style, **values: Any) -> StyleVariant:
        scores: dict[str, Any] = {
            "ssim": 0.871,
            "perceptual": 0.125,
            "perceptual_name": "ST-LPIPS (AlexNet)",
            "delta_e": 7.2,
            "seconds": 1.5,
        }
        return publish_variant(image, style, **{**scores, **values})

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
    for slug in ("grade", "painterly", "linocut", "unused"):
        (folder / "styles" / f"{slug}.png").write_bytes(reference)
        styles.append(
            {"slug": slug, "name": slug.title(), "file": f"styles/{slug}.png", "licence": "MIT"}
        )
    (folder / "catalogue.json").write_text(json.dumps(products), encoding="utf-8")
    (folder / "styles.json").write_text(json.dumps(styles), encoding="utf-8")
    return folder
