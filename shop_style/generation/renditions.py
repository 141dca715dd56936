"""A rendering's files: its own and its original's, saved together or not at all."""

from __future__ import annotations

from typing import Any

from shop_style.generation import files
from shop_style.generation.pipeline import Rendering
from shop_style.models import StyleVariant
from shop_style.models.storage import variant_storage


def save_renditions(
    variant: StyleVariant, token: str, rendering: Rendering
) -> dict[str, list[dict[str, Any]]]:
    """Save every file under this attempt's folder. Returns them by the column that lists them.

    Raises what storage raises, having removed what was saved.
    """
    storage = variant_storage()
    folder = files.variant_folder(variant.pk, token)
    saved: dict[str, list[dict[str, Any]]] = {"renditions": [], "original_renditions": []}
    wanted = (
        ("renditions", "", rendering.renditions),
        ("original_renditions", "original-", rendering.originals),
    )
    try:
        for column, prefix, made in wanted:
            for item in made:
                name = files.save_whole(storage, f"{folder}/{prefix}{item.suffix}", item.data)
                saved[column].append(
                    {
                        "name": name,
                        "format": item.format,
                        "width": item.width,
                        "height": item.height,
                        "bytes": len(item.data),
                        "white_border": round(item.white_border, 4),
                    }
                )
    except BaseException:
        files.remove([item["name"] for listed in saved.values() for item in listed], storage)
        raise
    return saved
