"""What tests of guides share: mask files, rows that say something of a picture, its renders."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from shop_style.generation import runner
from shop_style.generation.files import walk
from shop_style.generation.guides import save_guide, uploaded_mask
from shop_style.generation.request import request_variant
from shop_style.models import StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.sources import SourceImage

SIZE = (96, 80)
LEFT_HALF = (0, 0, 47, 79)
RIGHT_HALF = (48, 0, 95, 79)
PLACE = [0.25, 0.5, 0.5, 0.75]


def drawn(box: tuple[int, int, int, int], *, size: tuple[int, int] = SIZE) -> bytes:
    """A mask file: white in the box."""
    image = Image.new("L", size, 0)
    ImageDraw.Draw(image).rectangle(box, fill=255)
    return encoded(image)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def stored_guides() -> list[str]:
    return list(walk(variant_storage(), "shop_style/guides"))


def say(picture: SourceImage, mask: bytes | None = None, **values: Any) -> Any:
    found = None if mask is None else uploaded_mask(picture, mask, name="drawn.png")
    return save_guide(picture, mask=found, actor="ada", **values)


def rendered(picture: SourceImage, style: Any, **overrides: Any) -> StyleVariant:
    variant = request_variant(picture.instance, style, overrides=overrides)
    runner.run(variant.pk, using="default")
    variant.refresh_from_db()
    return variant


def change_of(variant: StyleVariant) -> Any:
    """(H, W) levels by which a variant differs from its original, on average over colours."""
    host: Any = variant.host_object()
    own = Image.open(getattr(host, variant.field)).convert("RGB")
    with variant.image.open("rb") as stream:
        made = Image.open(stream).convert("RGB")
        return np.abs(np.asarray(made, np.float32) - np.asarray(own, np.float32)).mean(axis=-1)
