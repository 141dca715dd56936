"""A rendering's files: its own and its original's, saved together or not at all."""

from __future__ import annotations

from typing import Any

from shop_style.generation import files
from shop_style.generation.pipeline import Rendering
from shop_style.models import StyleVariant
from shop_style.models.storage import variant_storage


def save_renditions(variant: StyleVariant, token: str, rendering: Rendering) -> dict[str, Any]:
    """Save every file under this attempt's folder. Returns them by the column that holds them.

    Raises what storage raises, having removed what was saved.
    """
    storage = variant_storage()
    folder = files.variant_folder(variant.pk, token)
    saved: dict[str, Any] = {"renditions": [], "original_renditions": [], "evidence": ""}
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
        saved["evidence"] = files.save_whole(storage, f"{folder}/evidence.webp", rendering.evidence)
    except BaseException:
        files.remove(saved_names(saved), storage)
        raise
    return saved


def saved_names(saved: dict[str, Any]) -> list[str]:
    """Every file that `save_renditions` saved."""
    listed = [item["name"] for item in (*saved["renditions"], *saved["original_renditions"])]
    return [*listed, *([saved["evidence"]] if saved["evidence"] else [])]
