"""A picture restored: each step as far as the picture asks for it. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from shop_style.exceptions import RenderCancelled
from shop_style.imaging.restoration.compression import deblock
from shop_style.imaging.restoration.condition import Condition, Findings
from shop_style.imaging.restoration.contrast import unveil
from shop_style.imaging.restoration.inpaint import fill_marked
from shop_style.imaging.restoration.noise import NoiseLevel, denoise
from shop_style.imaging.restoration.sharpness import LEAST_BLUR, deblur
from shop_style.imaging.restoration.white_balance import neutralise
from shop_style.transfer.parameters import RestoreParameters

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
StepName = Literal["mark", "blocks", "noise", "blur", "cast", "contrast"]

STEPS: Final[tuple[StepName, ...]] = ("mark", "blocks", "noise", "blur", "cast", "contrast")
"""In the order they are taken: a JPEG's blocks are only told before anything else has moved."""

_TICKS: Final = 100
_SOFTENED: Final = 0.02


@dataclass(frozen=True, kw_only=True)
class RestorationReport:
    """What was done to a picture, and what it was like before and after.

    done: steps that changed it, each with what it was told: pixels of the mark, JPEG quality,
    deviation of the grain, width of edges, chroma of the cast, empty share of the range.
    """

    before: Condition
    after: Condition
    done: tuple[tuple[StepName, float], ...]

    @property
    def untouched(self) -> bool:
        """Was there nothing to do?"""
        return not self.done

    def as_dict(self) -> dict[str, object]:
        """As JSON takes it."""
        return {
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "done": dict(self.done),
        }


def restored(
    rgb: Floats,
    mask: Floats | None,
    parameters: RestoreParameters,
    *,
    marked: Bools | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Floats, RestorationReport]:
    """A picture (H, W, 3) in [0, 1] restored, at the same size, and what was done.

    mask: (H, W), where the product is on a plain ground or none; None in a scene. marked: (H, W),
    true on what is to be filled in.
    report: told (done, total). Where no step has anything to do the picture itself comes back.
    Raises RenderCancelled when `cancelled()` turns true, ValueError for a mark that does not fit.
    """
    run = _Run(parameters, mask, marked, report, cancelled)
    before = Findings(rgb, mask)
    made, after, done = run.through(rgb, before)
    return made, RestorationReport(
        before=before.condition(), after=after.condition(), done=tuple(done)
    )


class _Run:
    """One picture on its way through the steps."""

    def __init__(
        self,
        parameters: RestoreParameters,
        mask: Floats | None,
        marked: Bools | None,
        report: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._parameters = parameters
        self._mask = mask
        self._marked = marked
        self._report = report
        self._cancelled = cancelled
        self._begun = 0
        self._grain = 0.0

    def through(
        self, rgb: Floats, found: Findings
    ) -> tuple[Floats, Findings, list[tuple[StepName, float]]]:
        """The restored picture, what is found of it then, and the steps that changed it."""
        steps: dict[StepName, Callable[[Floats, Findings], tuple[Floats, float]]] = {
            "mark": self._mark,
            "blocks": self._blocks,
            "noise": self._noise,
            "blur": self._blur,
            "cast": self._cast,
            "contrast": self._contrast,
        }
        done: list[tuple[StepName, float]] = []
        for number, name in enumerate(STEPS):
            self._begun = number
            self._tick(0, 1)
            made, told = steps[name](rgb, found)
            if made is not rgb:
                done.append((name, told))
                rgb, found = made, Findings(made, self._mask)
        self._report(_TICKS, _TICKS)
        return rgb, found, done

    def _tick(self, done: int, total: int) -> None:
        if self._cancelled():
            raise RenderCancelled("the restoration was told to stop")
        self._report(round(_TICKS * (self._begun + done / total) / len(STEPS)), _TICKS)

    def _mark(self, rgb: Floats, found: Findings) -> tuple[Floats, float]:
        if self._marked is None:
            return rgb, 0.0
        return fill_marked(rgb, self._marked), float(self._marked.sum())

    def _blocks(self, rgb: Floats, found: Findings) -> tuple[Floats, float]:
        wanted = self._parameters.blocks
        quality = found.quality if wanted == "auto" else wanted
        if quality is None or isinstance(quality, str):
            return rgb, 0.0
        return deblock(rgb, round(quality), report=self._tick), quality

    def _noise(self, rgb: Floats, found: Findings) -> tuple[Floats, float]:
        wanted = self._parameters.noise
        if wanted == "off" or (wanted == "auto" and not found.noise.visible):
            return rgb, 0.0
        level = found.noise if wanted == "auto" else NoiseLevel.uniform(float(wanted))
        self._grain = level.worst
        return denoise(rgb, level, report=self._tick), level.worst

    def _blur(self, rgb: Floats, found: Findings) -> tuple[Floats, float]:
        wanted = self._parameters.blur
        # Taking out grain softens edges a little; that is no blur to be sharpened.
        least = LEAST_BLUR * (1 + _SOFTENED * self._grain)
        if wanted == "off" or (wanted == "auto" and found.blur <= least):
            return rgb, 0.0
        blur = found.blur if wanted == "auto" else float(wanted)
        return deblur(rgb, blur, noise=self._grain), blur

    def _cast(self, rgb: Floats, found: Findings) -> tuple[Floats, float]:
        wanted = self._parameters.cast
        if wanted == "off":
            return rgb, 0.0
        share = 1.0 if wanted == "auto" else float(wanted)
        cast = found.cast.weakened(share)
        return neutralise(rgb, cast), cast.chroma

    def _contrast(self, rgb: Floats, found: Findings) -> tuple[Floats, float]:
        wanted = self._parameters.contrast
        if wanted == "off":
            return rgb, 0.0
        veil = found.veil if wanted == "auto" else float(wanted)
        return unveil(rgb, veil), veil
