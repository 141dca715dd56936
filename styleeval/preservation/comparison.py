"""Scoring: an original made ready once, and any number of candidates held against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from styleeval.preservation.alignment import Anchor
from styleeval.preservation.colour import delta_e, hue_maps, lab
from styleeval.preservation.geometry import displacement_map
from styleeval.preservation.ground import frame_of, white_kept
from styleeval.preservation.measure import Measure, Parts, measured
from styleeval.preservation.outline import OwnOutline, outline_kept, outline_of
from styleeval.preservation.perceptual import PerceptualReference, Weights, perceptual_metric
from styleeval.preservation.pictures import read_mask, read_picture, scaled, size_text
from styleeval.preservation.report import Print, Scorecard
from styleeval.preservation.structure import detail_maps, ssim_map

if TYPE_CHECKING:
    from styleeval.preservation.silhouette import Silhouette, SilhouetteKept
    from styleeval.preservation.text import Share, TextKept

Floats = NDArray[np.float32]

PERCEPTUAL_SIDE: Final = 256
"""Short side at which the learned distance is taken: a quarter of the time of 512, and a label, a
zip or a strap is still seen (docs/benchmarks.md)."""

_INVISIBLE: Final = 0.5 / 255


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """A candidate's scorecard, and the maps (h, w) it was read from, by measure, at the size where
    scores are taken: what a heat map is drawn of."""

    card: Scorecard
    maps: dict[str, Floats]


class Original:
    """A product picture and what can be measured of it before any candidate is there."""

    def __init__(
        self,
        picture: Any,
        mask: Any = None,
        *,
        mask_confidence: float = 1.0,
        alexnet_weights: Weights = None,
        places: Sequence[Share] = (),
        use_ocr: bool | None = None,
    ) -> None:
        """picture, mask: see `scorecard`. places: print and logos that a merchant marked, as
        shares of the picture. use_ocr: None reads print where the extra is installed.
        Raises ValueError for what is no picture.
        """
        self._full = read_picture(picture)
        self._mask = None if mask is None else read_mask(mask, self._full.shape[:2])
        self._confidence = float(mask_confidence)
        self._places = tuple(places)
        self._use_ocr = use_ocr
        self._metric = perceptual_metric(alexnet_weights)
        self._small = scaled(self._full)
        self._weights = self._scaled_weights()

    def compare(self, candidate: Any) -> Comparison:
        """Score a candidate of the same size. Raises ValueError for another."""
        full = read_picture(candidate)
        if full.shape != self._full.shape:
            raise ValueError(
                f"original is {size_text(self._full)} and candidate {size_text(full)}; "
                f"score pictures of one size"
            )
        moved = self._anchor.aligned(full)
        second = moved.small
        alone = self._product_alone(second)
        colours = lab(second)
        measures, maps = self._measures(second, alone, colours)
        outline = outline_kept(self._outline, colours)
        against_ground = self._against_ground(second)
        card = Scorecard(
            **measures,
            silhouette=outline.silhouette
            if against_ground is None
            else min(against_ground.iou, outline.silhouette or 1.0),
            outline_moved=None if against_ground is None else against_ground.moved,
            edge=outline.edge,
            outline_lost=outline.lost,
            halo=outline.halo,
            shading=self._shading(second),
            text=Print.of(self._text_kept(full)),
            white_kept=white_kept(self._full, full, self._full_weights),
            frame=frame_of(full, self._full_weights),
            shift=moved.shift,
            perceptual_name=self._metric.name,
            mask_coverage=self._coverage,
            mask_confidence=self._confidence,
            size=(self._full.shape[1], self._full.shape[0]),
        )
        return Comparison(card=card, maps=maps)

    def _measures(
        self, second: Floats, alone: Floats, other: Floats
    ) -> tuple[dict[str, Measure], dict[str, Floats]]:
        first = self._small
        scale = self._full.shape[1] / first.shape[1]
        colour = delta_e(self._lab, other)
        hue, coloured = hue_maps(self._lab, other)
        detail, fine = detail_maps(first, alone)
        far = displacement_map(first, alone)
        structure, own = self._both(second, alone)
        seen, own_seen = self._perceived(second, alone)

        def of(whole: Floats, product: Floats, kind: Any, counts: Floats | None = None) -> Measure:
            return measured(whole, product, self._parts, kind=kind, scale=scale, counts=counts)

        measures = {
            "ssim": of(structure, own, "similarity"),
            "perceptual": of(seen, own_seen, "distance"),
            "delta_e": of(colour, colour, "distance"),
            "hue": of(hue, hue, "distance", coloured),
            "detail": of(detail, detail, "similarity", fine),
            "displacement": of(far, far, "distance", fine),
        }
        maps = {
            "ssim": own,
            "perceptual": own_seen,
            "delta_e": colour,
            "hue": hue * coloured,
            "detail": 1 - (1 - detail) * fine,
            "displacement": far * fine,
        }
        return measures, maps

    def _shading(self, second: Floats) -> float:
        from styleeval.preservation.shading import shading_correlation

        return shading_correlation(self._small, second, self._weights)

    def _against_ground(self, second: Floats) -> SilhouetteKept | None:
        """Told against the original's own ground where that is still there, which shows more."""
        return self._silhouette.kept(second) if self._coverage else None

    def _text_kept(self, candidate: Floats) -> TextKept:
        from styleeval.preservation.text import text_kept

        # A mask that covers all says nothing about where print counts.
        mask = self._full_weights if self._coverage else None
        return text_kept(self._full, candidate, mask, self._places, use_ocr=self._use_ocr)

    def _both(self, second: Floats, alone: Floats) -> tuple[Floats, Floats]:
        whole = ssim_map(self._small, second)
        return whole, whole if alone is second else ssim_map(self._small, alone)

    def _perceived(self, second: Floats, alone: Floats) -> tuple[Floats, Floats]:
        import cv2

        candidates = [second] if alone is second else [second, alone]
        reduced = [scaled(item, PERCEPTUAL_SIDE) for item in candidates]
        height, width = second.shape[:2]
        maps = [
            np.asarray(cv2.resize(found, (width, height)), np.float32)
            for found in self._reference.maps(reduced)
        ]
        return maps[0], maps[-1]

    def _product_alone(self, second: Floats) -> Floats:
        """The candidate's product in the original's surroundings, since measures look past
        outlines. The candidate itself where its surroundings are the original's anyway."""
        around = np.abs(second - self._small) * (self._weights == 0)[..., None]
        if float(around.max()) < _INVISIBLE:
            return second
        return self._small + (second - self._small) * self._weights[..., None]

    def _scaled_weights(self) -> Floats:
        weights = np.clip(scaled(self._full_weights), 0, 1)
        self._coverage = float(weights.mean())
        return weights if self._coverage else np.ones_like(weights)

    @cached_property
    def _full_weights(self) -> Floats:
        return np.ones(self._full.shape[:2], np.float32) if self._mask is None else self._mask

    @cached_property
    def _silhouette(self) -> Silhouette:
        from styleeval.preservation.silhouette import Silhouette

        return Silhouette(self._small, self._weights)

    @cached_property
    def _anchor(self) -> Anchor:
        return Anchor(self._small, self._weights)

    @cached_property
    def _parts(self) -> Parts:
        return Parts.of(self._weights)

    @cached_property
    def _lab(self) -> Floats:
        return lab(self._small)

    @cached_property
    def _outline(self) -> OwnOutline:
        return outline_of(self._lab, self._weights)

    @cached_property
    def _reference(self) -> PerceptualReference:
        return self._metric.reference(scaled(self._small, PERCEPTUAL_SIDE))


def scorecard(
    original: Any,
    candidate: Any,
    mask: Any = None,
    *,
    mask_confidence: float = 1.0,
    alexnet_weights: Weights = None,
) -> Scorecard:
    """Score a candidate against its original.

    original, candidate: NumPy (H, W, 3) uint8 or float in [0, 1], a PIL image, or a torch tensor
    (3, H, W) in [0, 1]; all sRGB. mask: the product's share of each pixel, (H, W) or (1, H, W) in
    [0, 1] or a PIL "L" image; None means the whole picture. mask_confidence is only recorded.
    alexnet_weights: see `perceptual_metric`. For several candidates of one original `Original`
    is faster.
    Raises ValueError when sizes differ or an array is no picture.
    """
    made = Original(
        original, mask, mask_confidence=mask_confidence, alexnet_weights=alexnet_weights
    )
    return made.compare(candidate).card
