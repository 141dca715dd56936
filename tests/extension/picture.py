"""docs/images/extension.jpg, by the package alone: `python -m tests.extension.picture`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from tests.extension.leaves import bag_before_leaves

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "docs" / "images" / "extension.jpg"


def main() -> None:
    """The photo, the mask that the segmenter finds, and the ground printed by the engine."""
    sys.path.insert(0, str(HERE))
    from printroom.entry import HalftoneParameters
    from printroom.green_screen import GreenScreen
    from printroom.halftone import HalftoneEngine

    from shop_style.transfer import RenderContext, StyleSpec

    photo, _ = bag_before_leaves(480)
    weights, _ = GreenScreen().segment(photo)
    engine = HalftoneEngine()
    style = StyleSpec(slug="print", engine="halftone", parameters=HalftoneParameters(pitch=8))
    image = torch.from_numpy(photo.astype(np.float32) / 255).permute(2, 0, 1).contiguous()
    ground = torch.from_numpy(1 - weights)[None]
    printed = engine.stylise(image, engine.prepare(style), ground, RenderContext())
    parts = [
        photo,
        np.repeat((weights * 255).astype(np.uint8)[..., None], 3, axis=-1),
        (printed.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8),
    ]
    gap = np.full((photo.shape[0], 12, 3), 255, np.uint8)
    sheet = np.concatenate([parts[0], gap, parts[1], gap, parts[2]], axis=1)
    Image.fromarray(sheet).save(TARGET, quality=84)
    print(f"{TARGET}: {TARGET.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
