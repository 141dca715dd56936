"""Thumbnails of the built-in styles: our own product picture in each of them.

Run as `python -m shop_style.transfer.training.network.thumbnails` after new weights are in place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import shop_style
from shop_style.transfer._style_model import load_style_model
from shop_style.transfer.built_in import built_in_styles
from shop_style.transfer.fitting import PHOTOS
from shop_style.transfer.training.network.evaluate import styled
from shop_style.transfer.training.sheet import as_image, read_picture

PRODUCT: Final = PHOTOS / "bowls.webp"
SIDE: Final = 192
STATIC: Final = Path(shop_style.__file__).parent / "static"


def main() -> None:
    """Render and save every thumbnail as WebP below the app's static files."""
    model = load_style_model("cpu")
    product = read_picture(PRODUCT)
    short = min(product.shape[-2:])
    top, left = ((side - short) // 2 for side in product.shape[-2:])
    product = product[:, top : top + short, left : left + short]
    for slug, style in built_in_styles().items():
        image = as_image(styled(model, model.codes[slug], product))
        path = STATIC / style.thumbnail
        path.parent.mkdir(parents=True, exist_ok=True)
        image.resize((SIDE, SIDE)).save(path, "WEBP", quality=82)
        print(path.name)


if __name__ == "__main__":
    main()
