"""`python -m tests.benchmarks.formats [FOLDER]`: bytes, looks, time of AVIF beside WebP, JPEG.

Every picture at each width, against its own pixels before encoding. Our renders; beside them the
photos of FOLDER where one is named.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

import numpy as np
from PIL import Image

from shop_style.imaging import encode as encoding
from shop_style.imaging.intake import decode
from styleeval.preservation.colour import delta_e, lab
from styleeval.preservation.structure import ssim

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
WIDTHS = (1024, 640, 320)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One way to write a picture."""

    name: encoding.Format
    quality: int
    speed: int = 7
    chroma_from: int = 70

    @property
    def label(self) -> str:
        """As the table names it."""
        if self.name != "avif":
            return f"{self.name} {self.quality}"
        chroma = "4:4:4" if self.quality >= self.chroma_from else "4:2:0"
        return f"avif {self.quality}, speed {self.speed}, {chroma}"


@dataclass(frozen=True, kw_only=True)
class Written:
    """What one picture came to. change: mean ΔE00 from what was encoded."""

    size: int
    likeness: float
    change: float
    seconds: float


SETTINGS = (
    Setting(name="webp", quality=86),
    Setting(name="jpeg", quality=90),
    *(
        Setting(name="avif", quality=quality, speed=speed, chroma_from=chroma)
        for quality, speed, chroma in (
            (70, 8, 0),
            (70, 8, 85),
            (75, 8, 0),
            (70, 7, 0),
            (65, 6, 0),
            (70, 6, 0),
        )
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--most", type=int, default=40)
    options = parser.parse_args()
    groups = {"our renders": ROOT / "fixtures" / "catalogue"}
    if options.folder is not None:
        groups["photos"] = options.folder
    for name, folder in groups.items():
        pictures = list(_pictures(folder, options.most))
        print(f"\n{name}: {len(pictures)} pictures")
        print("| width | written as | KB, mean | beside WebP | SSIM | ΔE00 | seconds, median |")
        print("| --: | --- | --: | --: | --: | --: | --: |")
        for width in WIDTHS:
            _table(pictures, width)


def _pictures(folder: Path, most: int) -> Iterator[Image.Image]:
    """Evenly over the folder."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    for path in paths[:: max(1, len(paths) // most)][:most]:
        photo = decode(path.read_bytes(), name=path.name)
        white = np.ones_like(photo.rgb)
        rgb = photo.rgb
        if photo.alpha is not None:
            alpha = photo.alpha[..., None]
            rgb = rgb * alpha + white * (1 - alpha)
        yield Image.fromarray(np.rint(rgb * 255).clip(0, 255).astype(np.uint8))


def _table(pictures: list[Image.Image], width: int) -> None:
    sized = [
        image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
        for image in pictures
        if image.width >= width
    ]
    peer = 0.0
    for setting in SETTINGS:
        made = [_written(image, setting) for image in sized]
        size = fmean(item.size for item in made)
        peer = peer or size
        print(
            f"| {width} ({len(sized)}) | {setting.label} | {size / 1000:.1f} | {size / peer:.2f} "
            f"| {fmean(item.likeness for item in made):.4f} "
            f"| {fmean(item.change for item in made):.2f} "
            f"| {median(item.seconds for item in made):.3f} |",
            flush=True,
        )


def _written(image: Image.Image, setting: Setting) -> Written:
    encoding._AVIF_SPEED = setting.speed  # type: ignore[misc]
    encoding._AVIF_FULL_CHROMA_FROM = setting.chroma_from  # type: ignore[misc]
    started = time.perf_counter()
    data = encoding._encoded(image, setting.name, setting.quality, b"")
    seconds = time.perf_counter() - started
    with Image.open(io.BytesIO(data)) as opened:
        back = np.asarray(opened.convert("RGB"), np.float32) / 255
    own = np.asarray(image, np.float32) / 255
    return Written(
        size=len(data),
        likeness=ssim(own, back),
        change=float(delta_e(lab(own), lab(back)).mean()),
        seconds=seconds,
    )


if __name__ == "__main__":
    main()
