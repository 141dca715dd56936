"""`python -m tests.benchmarks.background`: is the product the photo's own on a restyled ground?

Products whose mask is known exactly stand on white or are cut out; the ladder finds its own mask,
the ground is restyled at full strength, and the product is measured with the exact mask.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shop_style.generation.specification import Recipe
from shop_style.generation.stylist import Stylist
from shop_style.imaging.intake import Photo
from shop_style.imaging.mask import find_mask
from shop_style.transfer.engine import RenderContext, StyleSpec
from shop_style.transfer.registry import engine_entry
from styleeval.preservation import THRESHOLDS, Original, Scorecard, judge
from tests.benchmarks.truth.subjects import Subject, subjects
from tests.benchmarks.vault import FOLDER

Floats = NDArray[np.float32]

LOOKS: Final = ("painterly", "vangogh-wheat-field", "fabric-blue-leaves", "watercolour")
LEAST_GAIN: Final = 8.0
"""ΔE00 that the ground must change by on average: nobody takes that for the same picture."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """One product on one ground. sure: was the mask good enough to be used at all?"""

    subject: Subject
    kind: str
    look: str
    sure: bool
    card: Scorecard | None
    picture: Floats | None

    @property
    def holds(self) -> bool:
        """Is the product the photo's own, and the ground another?"""
        card = self.card
        if card is None:
            return False
        kept = card.ssim.product >= 0.97 and card.delta_e.product <= 2
        return kept and (card.delta_e.outside or 0) >= LEAST_GAIN


def results(found: list[Subject]) -> Iterator[Result]:
    """Every subject on white, then cut out, looks taking turns."""
    for number, subject in enumerate(found):
        for kind in ("white", "alpha"):
            look = LOOKS[number % len(LOOKS)]
            yield result(subject, kind, look)
            print(".", end="", flush=True)
    print()


def result(subject: Subject, kind: str, look: str) -> Result:
    """One restyled ground."""
    photo = photo_of(subject, kind)
    mask = find_mask(photo)
    if not mask.usable:
        return Result(subject=subject, kind=kind, look=look, sure=False, card=None, picture=None)
    stylist = Stylist(_recipe(look), photo, mask, RenderContext(device="cpu"), original=photo)
    rgb = stylist.candidate(1.0, lambda stage: None).rgb
    card = Original(photo.flattened(), subject.alpha).compare(rgb).card
    return Result(subject=subject, kind=kind, look=look, sure=True, card=card, picture=rgb)


def photo_of(subject: Subject, kind: str) -> Photo:
    """The product as a shop has it: on white with a contact shadow, or cut out."""
    if kind == "alpha":
        return Photo(rgb=subject.rgb, alpha=subject.alpha, format="PNG")
    fallen = cv2.GaussianBlur(np.roll(subject.alpha, 10, axis=0), (0, 0), 9)[..., None]
    share = subject.alpha[..., None]
    rgb = subject.rgb * share + (1 - 0.25 * fallen) * (1 - share)
    eight = np.rint(rgb.clip(0, 1) * 255) / 255
    return Photo(rgb=eight.astype(np.float32), alpha=None, format="PNG")


def _recipe(look: str) -> Recipe:
    entry = engine_entry("network")
    spec = StyleSpec(
        slug=look,
        engine="network",
        parameters=entry.parameters.from_mapping({"style": look}),
        references=(),
        artefact=None,
    )
    return Recipe(
        spec=spec,
        entry=entry,
        region="background",
        keep_white=True,
        strength=1.0,
        thresholds=THRESHOLDS["background"],
        digest=look,
    )


def main() -> None:
    """Print the table and the failures; save a sheet."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.background")
    parser.add_argument("--subjects", type=int, default=32, help="products, ours first")
    parser.add_argument("--skip", type=int, default=0, help="products to leave out first")
    parser.add_argument("--sheet", type=Path, default=FOLDER / "background.jpg")
    options = parser.parse_args()
    made = list(results(subjects(options.subjects, options.skip)))
    print(
        "| photo | pictures | mask sure | holds | of the sure | SSIM | ΔE00 | ground, ΔE00 | gate |"
    )
    print("| --- | --: | --: | --: | --: | --: | --: | --: | --: |")
    for kind in ("white", "alpha"):
        print(_line(kind, [item for item in made if item.kind == kind]))
    for item in made:
        if item.sure and not item.holds and item.card:
            print(
                f"- {item.subject.slug}, {item.kind}, {item.look}: "
                f"SSIM {item.card.ssim.product:.3f}, ΔE00 {item.card.delta_e.product:.1f}, "
                f"ground {item.card.delta_e.outside or 0:.1f}"
            )
    shown = [item.picture[::2, ::2] for item in made if item.picture is not None]
    while len(shown) % 8:
        shown.append(np.ones_like(shown[0]))
    rows = [np.concatenate(shown[start : start + 8], 1) for start in range(0, len(shown), 8)]
    sheet = Image.fromarray(np.rint(np.concatenate(rows) * 255).astype(np.uint8))
    sheet.save(options.sheet, quality=85)
    print(f"\n{options.sheet}")


def _line(kind: str, group: list[Result]) -> str:
    sure = [item for item in group if item.card is not None]
    cards = [item.card for item in sure if item.card is not None]
    held = sum(item.holds for item in sure)
    passed = sum(judge(card, "background").passed for card in cards)
    return (
        f"| {kind} | {len(group)} | {len(sure)} | {held} | {held / max(len(sure), 1):.0%} "
        f"| {mean(card.ssim.product for card in cards):.3f} "
        f"| {mean(card.delta_e.product for card in cards):.2f} "
        f"| {mean(card.delta_e.outside or 0 for card in cards):.1f} "
        f"| {passed} of {len(sure)} |"
    )


if __name__ == "__main__":
    main()
