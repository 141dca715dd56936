"""Which file of a picture a shopper gets: the published variant, or else the original."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from shop_style.demo.models import ProductImage
from shop_style.models import StyleVariant
from shop_style.models.variant import attach_variants

logger = logging.getLogger(__name__)

ORIGINAL = "original"


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """One picture as a page shows it.

    sources: (MIME type, srcset) of each format, best first. style: name of the style of a
    variant, empty for the original. trained: did a trained network paint it?
    """

    src: str
    alt: str
    width: int | None
    height: int | None
    sources: tuple[tuple[str, str], ...] = ()
    style: str = ""
    trained: bool = True


def attach_renderings(images: Sequence[ProductImage], *, look: str = "") -> dict[str, str]:
    """Put a `rendering` on every image; one query for all of them.

    look: slug of the style to show, `original`, or empty for the newest of each picture.
    Returns the names of the styles that are published for these images, by slug.
    A shop goes on selling when the plugin fails: the originals are shown then.
    """
    try:
        attach_variants(images)
    except Exception:  # whatever it is, the page must come up
        logger.exception("no variants for this page; it shows the originals")
        for image in images:
            image.style_variants = []  # type: ignore[attr-defined]
    looks: dict[str, str] = {}
    for image in images:
        variants: list[StyleVariant] = image.style_variants  # type: ignore[attr-defined]
        looks |= {variant.style.slug: variant.style.name for variant in variants}
        image.rendering = _rendering(image, variants, look)  # type: ignore[attr-defined]
    return dict(sorted(looks.items(), key=lambda item: item[1]))


def _rendering(image: ProductImage, variants: list[StyleVariant], look: str) -> Rendering:
    if look:
        variants = [variant for variant in variants if variant.style.slug == look]
    if variants and look != ORIGINAL:
        newest = max(variants, key=lambda variant: (variant.published_at, variant.pk))
        try:
            return _of_variant(image, newest)
        except Exception:  # a storage may raise anything; the page must come up
            logger.exception("variant %s cannot be addressed; its original is shown", newest.pk)
    return _of_original(image)


def _of_variant(image: ProductImage, variant: StyleVariant) -> Rendering:
    url = variant.image.storage.url
    sources = []
    for name in ("avif", "webp", "jpeg"):
        files = variant.srcset(name)
        if files:
            srcset = ", ".join(f"{url(item['name'])} {item['width']}w" for item in files)
            sources.append((f"image/{name}", srcset))
    jpegs = variant.srcset("jpeg")
    return Rendering(
        src=url(jpegs[-1]["name"]) if jpegs else variant.image.url,
        alt=image.alt,
        width=variant.width,
        height=variant.height,
        sources=tuple(sources),
        style=variant.style.name,
        trained=not variant.digital_source_type.endswith("/algorithmicallyEnhanced"),
    )


def _of_original(image: ProductImage) -> Rendering:
    try:
        src = image.image.url
    except Exception:  # the row has no file, or its storage is down
        logger.exception("picture %s has no address", image.pk)
        src = ""
    return Rendering(src=src, alt=image.alt, width=image.width, height=image.height)
