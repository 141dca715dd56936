"""Product pictures with planted defects; drawn, so that the truth about them is known."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

SIZE = 256
LABEL = (slice(125, 200), slice(93, 163))


def bottle() -> Bytes:
    """A shaded red bottle with a printed label on white, (256, 256, 3)."""
    drawn = np.full((SIZE, SIZE, 3), 255, np.uint8)
    cv2.rectangle(drawn, (85, 90), (171, 235), (196, 64, 52), -1, cv2.LINE_AA)
    cv2.rectangle(drawn, (111, 30), (145, 95), (196, 64, 52), -1, cv2.LINE_AA)
    shade = 0.75 + 0.25 * np.cos((np.arange(SIZE) - 115) / 30.0)
    body = drawn.min(axis=-1) < 250
    drawn[body] = (drawn * shade[None, :, None]).astype(np.uint8)[body]
    drawn[LABEL] = (244, 240, 226)
    for line, text in enumerate(("FINE", "TEA", "No 7")):
        place = (100, 145 + 21 * line)
        cv2.putText(drawn, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30, 30, 60), 2)
    return drawn


def product() -> NDArray[np.float32]:
    """The bottle's mask, without the soft pixels of its edge, which are half white."""
    drawn = (bottle().min(axis=-1) < 250).astype(np.uint8)
    return cv2.erode(drawn, np.ones((3, 3), np.uint8)).astype(np.float32)


def label_upside_down() -> Bytes:
    spoilt = bottle()
    spoilt[LABEL] = spoilt[LABEL][::-1, ::-1]
    return spoilt


def wrong_hue() -> Bytes:
    """Every hue turned by 60°; lightness hardly moves."""
    turned = cv2.cvtColor(bottle(), cv2.COLOR_RGB2HSV)
    turned[..., 0] = (turned[..., 0].astype(int) + 30) % 180
    return np.asarray(cv2.cvtColor(turned, cv2.COLOR_HSV2RGB), np.uint8)


def wrong_hue_same_luma() -> Bytes:
    """The hue turned by 60° in Lab, so that only colour differs."""
    lab = cv2.cvtColor(bottle().astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    angle = np.deg2rad(60)
    a, b = lab[..., 1].copy(), lab[..., 2].copy()
    lab[..., 1] = a * np.cos(angle) - b * np.sin(angle)
    lab[..., 2] = a * np.sin(angle) + b * np.cos(angle)
    return (cv2.cvtColor(lab, cv2.COLOR_Lab2RGB).clip(0, 1) * 255).round().astype(np.uint8)


def shifted(pixels: int = 2) -> Bytes:
    return np.roll(bottle(), pixels, axis=1)


def blurred(sigma: float = 2.5) -> Bytes:
    return np.asarray(cv2.GaussianBlur(bottle(), (0, 0), sigma), np.uint8)


def new_background() -> Bytes:
    """Loud stripes behind the untouched product."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    stripes = np.stack([rows % 40 * 6, columns % 50 * 5, (rows + columns) % 30 * 8], -1)
    keep = product()[..., None]
    return (bottle() * keep + stripes * (1 - keep)).astype(np.uint8)


def warm(strength: float = 1.0) -> Bytes:
    """A gentle grade: a little warmer."""
    gain = 1 + strength * np.array([0.03, 0.0, -0.06])
    return (bottle() * gain).clip(0, 255).round().astype(np.uint8)


def floats(picture: Bytes) -> Any:
    return picture.astype(np.float32) / np.float32(255)


def main() -> None:
    """What the card says of each planted change, as a Markdown table."""
    from styleeval.preservation import judge, scorecard
    from styleeval.preservation.structure import ssim

    print(
        "| change | SSIM, whole picture | product | worst spot | ΔE00 | hue, ° | detail | print |"
    )
    print("| --- |" + " --: |" * 7)
    changes = (label_upside_down, wrong_hue_same_luma, blurred, shifted, new_background, warm)
    for change in changes:
        card = scorecard(bottle(), change(), product())
        whole = ssim(floats(bottle()), floats(change()))
        codes = ", ".join(reason.code for reason in judge(card, "grade").reasons)
        print(
            f"| {change.__name__.replace('_', ' ')} | {whole:.3f} | {card.ssim.product:.3f} "
            f"| {card.ssim.worst_tile.value:.3f} | {card.delta_e.product:.1f} "
            f"| {card.hue.product:.0f} | {card.detail.product:.2f} | {card.text.edges or 0:.2f} |"
            f" {codes}"
        )


if __name__ == "__main__":
    main()
