"""The `?look=` preview: every picture in one style, or as the shop photographed it.

A preview places nothing and tracks nothing; what shoppers get is decided by the plugin's own tags.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from shop_style.demo.models import ProductImage
from shop_style.experiments.rendering import Rendering, original_rendering, variant_rendering
from shop_style.models import StyleVariant
from shop_style.models.variant import attach_variants
from shop_style.sources import source_image

logger = logging.getLogger(__name__)

ORIGINAL = "original"


def attach_previews(images: Sequence[ProductImage], *, look: str = "") -> dict[str, str]:
    """Put a `preview` on every image; one query for all of them.

    look: slug of the style to show, or `original`; empty previews nothing.
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
        if look:
            image.preview = _preview(image, variants, look)  # type: ignore[attr-defined]
    return dict(sorted(looks.items(), key=lambda item: item[1]))


def _preview(image: ProductImage, variants: list[StyleVariant], look: str) -> Rendering:
    picture = source_image(image)
    chosen = [variant for variant in variants if variant.style.slug == look]
    if chosen:
        newest = max(chosen, key=lambda variant: (variant.published_at, variant.pk))
        try:
            return variant_rendering(picture, newest)
        except Exception:  # a storage may raise anything; the page must come up
            logger.exception("variant %s cannot be addressed; its original is shown", newest.pk)
    return original_rendering(picture)
