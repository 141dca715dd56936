"""Fill the demo shop: from the bundled catalogue, or from a folder of the visitor's photos."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.text import slugify

from shop_style.demo.bundled import bundled_picture, bundled_products
from shop_style.demo.errors import DemoError
from shop_style.demo.models import Product, ProductImage
from shop_style.exceptions import IntakeError
from shop_style.imaging.intake import IntakeLimits, decode

MOST_PHOTOS = 40
_SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "AVIF": ".avif"}


@dataclass
class Loaded:
    """What came into the shop.

    images: the pictures in order, new or already there. refused: each photo that did not come in,
    with a sentence that names it and says why. left_out: photos beyond the limit.
    """

    images: list[ProductImage] = field(default_factory=list)
    new: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    left_out: int = 0


def load_catalogue(folder: Path) -> Loaded:
    """Add the bundled products that are not there yet. Raises DemoError naming what is missing."""
    loaded = Loaded()
    for entry in bundled_products(folder):
        kind = {"category": entry.get("category", ""), "colour": entry.get("colour", "")}
        product, is_new = Product.objects.get_or_create(
            slug=entry["slug"],
            defaults={
                "name": entry["name"],
                "description": entry.get("description", ""),
                "price": Decimal(str(entry.get("price", 0))),
                **kind,
            },
        )
        if not is_new:  # a shop that was filled before there were categories
            Product.objects.filter(pk=product.pk, category="", colour="").update(**kind)
        for position, item in enumerate(entry["images"]):
            _add_image(
                loaded,
                product,
                position,
                alt=item.get("alt", ""),
                fills_frame=item.get("background") == "scene",
                read=partial(bundled_picture, folder, item["file"]),
            )
    return loaded


def load_photos(folder: Path, limits: IntakeLimits) -> Loaded:
    """Add every usable picture under a folder as a product of its own, known by its bytes.

    Raises DemoError when the folder is not there or holds no usable picture.
    """
    if not folder.is_dir():
        raise DemoError(f"{folder} is not a folder; name one that holds your photos")
    loaded = Loaded()
    seen: set[str] = set()
    for path in _files(folder):
        name = str(path.relative_to(folder))
        try:
            with path.open("rb") as stream:
                data = stream.read(limits.max_bytes + 1)
            digest = hashlib.sha256(data).hexdigest()
            if digest in seen:
                continue
            if len(loaded.images) == MOST_PHOTOS:
                loaded.left_out += 1
                continue
            # Names lie, so every file is opened; its suffix follows from what it is.
            suffix = _SUFFIXES[decode(data, name=name, limits=limits).format]
        except IntakeError as error:
            loaded.refused.append((name, f"{error} ({error.code})"))
            continue
        except OSError as error:
            loaded.refused.append((name, f"{name}: {error.strerror} (unreadable)"))
            continue
        seen.add(digest)
        _add_photo(loaded, path.stem, digest, data, suffix)
    if not loaded.images:
        tried = f"; {len(loaded.refused)} files were tried and refused" if loaded.refused else ""
        raise DemoError(f"there is no usable picture under {folder}{tried}")
    return loaded


def _files(folder: Path) -> Iterable[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.parts[-2:])
    )


def _add_photo(loaded: Loaded, stem: str, digest: str, data: bytes, suffix: str) -> None:
    title = stem.replace("_", " ").replace("-", " ").strip()[:80] or "Photo"
    slug = f"{slugify(stem)[:60] or 'photo'}-{digest[:8]}"
    product, _ = Product.objects.get_or_create(
        slug=slug,
        defaults={"name": title.capitalize(), "collection": Product.Collection.PHOTOS},
    )
    _add_image(loaded, product, 0, alt=title, read=lambda: (f"{slug}{suffix}", data))


def _add_image(
    loaded: Loaded,
    product: Product,
    position: int,
    *,
    alt: str,
    read: Callable[[], tuple[str, bytes]],
    fills_frame: bool = False,
) -> None:
    image = product.images.filter(position=position).first()
    if image is None:
        name, data = read()
        # The handlers ask for variants on commit, when the file must be there.
        with transaction.atomic():
            image = ProductImage.objects.create(
                product=product,
                image=ContentFile(data, name=name),
                position=position,
                alt=alt[:200],
                fills_frame=fills_frame,
            )
        loaded.new += 1
    loaded.images.append(image)
