"""The bundled catalogue: what its products are called, and their pictures' bytes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from shop_style.demo.errors import DemoError

_FROM_SKIMAGE = "skimage:"


def bundled_products(folder: Path) -> list[dict[str, Any]]:
    """Slug, name, description, price and images of each. Raises DemoError naming the listing."""
    listing = folder / "catalogue.json"
    try:
        products: list[dict[str, Any]] = json.loads(listing.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DemoError(f"the demo's catalogue {listing} cannot be read: {error}") from error
    return products


def bundled_picture(folder: Path, name: str) -> tuple[str, bytes]:
    """File name and bytes of a catalogue picture; a few ship inside scikit-image.

    Raises DemoError naming a file that cannot be read.
    """
    if name.startswith(_FROM_SKIMAGE):
        title = name.removeprefix(_FROM_SKIMAGE)
        return f"{title}.jpg", _skimage_photo(title)
    path = folder / name
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise DemoError(f"the demo's picture {path} cannot be read: {error}") from error


def _skimage_photo(title: str) -> bytes:
    import skimage.data
    from PIL import Image

    stream = io.BytesIO()
    pixels: Any = getattr(skimage.data, title)()
    Image.fromarray(pixels).convert("RGB").save(stream, "JPEG", quality=92)
    return stream.getvalue()
