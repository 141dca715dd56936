"""`python -m tests.benchmarks.restore_picture FILE`: four faults of renders, before and after."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shop_style.imaging.intake import decode
from shop_style.transfer.parameters import RestoreParameters
from shop_style.transfer.restoration import restored
from tests.benchmarks.harm import blur, cast, flat, grain, jpeg
from tests.benchmarks.pictures import ROOT

Floats = NDArray[np.float32]
SIDE = 300

yellowed = cast(1.06, 0.95, 0.68)

# The fault and the middle of what is shown, as shares of width and height.
SHOWN = {
    "tea.jpg": (lambda rgb: grain(20)(rgb).rgb, (0.42, 0.42)),
    "perfume.jpg": (
        lambda rgb: grain(6)(cast(1.06, 0.95, 0.68)(flat(0.65)(rgb).rgb).rgb).rgb,
        (0.5, 0.6),
    ),
    "harbour-mug.jpg": (lambda rgb: blur(2)(rgb).rgb, (0.45, 0.5)),
    "bowls.jpg": (lambda rgb: jpeg(20)(rgb).rgb, (0.5, 0.5)),
}


def column(name: str) -> Floats:
    """A crop of the harmed picture over the same crop of the restored one."""
    fault, (across, down) = SHOWN[name]
    data = (ROOT / "fixtures" / "catalogue" / name).read_bytes()
    sound = decode(data, name=name).flattened()
    scale = 1024 / max(sound.shape[:2])
    sound = cv2.resize(sound, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).clip(0, 1)
    harmed = fault(sound)
    made, report = restored(harmed, None, RestoreParameters())
    print(name, report.done)
    height, width = sound.shape[:2]
    top, left = round(height * down) - SIDE // 2, round(width * across) - SIDE // 2
    window = (slice(top, top + SIDE), slice(left, left + SIDE))
    return np.concatenate([harmed[window], np.ones((6, SIDE, 3), np.float32), made[window]])


def main(path: Path) -> None:
    """Write the sheet."""
    gap = np.ones((2 * SIDE + 6, 6, 3), np.float32)
    parts = [part for name in SHOWN for part in (column(name), gap)][:-1]
    sheet = np.rint(np.concatenate(parts, axis=1) * 255).astype(np.uint8)
    Image.fromarray(sheet).save(path, quality=82)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
