"""The product's outline found anew in a candidate: its silhouette, its edge, and any halo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_BAND: Final = 6
"""Pixels either side of the outline in which it is looked for."""

_CLEAR_OF: Final = 2
_LOCAL: Final = 7.0
_RING: Final = (2, 7)
_BEYOND: Final = (9, 20)
_CONTRAST: Final = 6.0
"""Least ΔE76 between both sides at which an outline can be seen."""

_FAINTER: Final = 0.35
"""Share of its contrast below which an outline counts as lost."""

_SEGMENT: Final = 8.0
_LEAST: Final = 30
"""Fewest pixels to speak of."""


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What became of the product's outline.

    silhouette: IoU of the product as it stands out in candidate and original, 0–1; product and
    ground deeper than six pixels count as kept, so it is about the outline.
    edge: mean difference of the step across the outline, 0 (as crisp as it was) to 1.
    lost: share of an outline that was seen and is not seen any more, of the one that lost most:
    the outer one, or a hole's. A filled hole has lost all of it.
    halo: ΔE76 of a rim all around the product against the ground behind it, beyond what the
    original shows (its shadow). Each is None where it cannot be seen.
    """

    silhouette: float | None
    edge: float | None
    lost: float | None
    halo: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnOutline:
    """What of an outline belongs to the original alone. See `outline_of`."""

    weights: Floats
    share: Floats
    seen: NDArray[np.bool_]
    step: Floats
    parts: NDArray[np.int32]
    rim: Floats


def outline_of(original: Floats, weights: Floats) -> OwnOutline:
    """The outline of an original in CIELAB (H, W, 3) with the product's weights (H, W)."""
    share, seen, step = _share(original, weights)
    solid = (weights > 0.5).astype(np.uint8)
    line = solid - _eroded(solid, 1)
    return OwnOutline(
        weights=weights,
        share=share,
        seen=seen,
        step=step,
        parts=_numbered((line == 1) & seen),
        rim=_rim(original, weights),
    )


def outline_kept(own: OwnOutline, candidate: Floats) -> Outline:
    """What became of it in a candidate in CIELAB (H, W, 3)."""
    share, seen, step = _share(candidate, own.weights)
    lost = _lost(own, seen & (step > _FAINTER * own.step))
    both = seen & own.seen
    if both.sum() < _LEAST:
        return Outline(silhouette=None, edge=None, lost=lost, halo=_halo(own, candidate))
    was, now = own.share > 0.5, share > 0.5
    solid = float((own.weights > 0.5).sum())
    differs = float((was ^ now)[both].sum())
    edge = float(np.abs(share - own.share)[both].mean())
    return Outline(
        silhouette=float(np.clip(1 - differs / max(solid, 1.0), 0, 1)),
        edge=edge,
        lost=lost,
        halo=_halo(own, candidate),
    )


def _share(picture: Floats, weights: Floats) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """The product's share of each pixel near the outline, told by the colours of both sides there;
    where it can be told; the ΔE76 between both sides.

    A pixel's colour is set against the mean of the product and of the ground nearby, and its
    place on the line between them read off: Chuang et al., CVPR 2001, §3, with one mean a side.
    """
    import cv2

    solid = (weights > 0.5).astype(np.uint8)
    inner = _eroded(solid, _CLEAR_OF)
    outer = 1 - _dilated(solid, _CLEAR_OF)
    front, in_front = _local_mean(picture, inner)
    back, behind = _local_mean(picture, outer)
    step = front - back
    length = np.square(step).sum(axis=-1)
    share = ((picture - back) * step).sum(axis=-1) / np.maximum(length, 1e-3)
    band = (_dilated(solid, _BAND) == 1) & (_eroded(solid, _BAND) == 0)
    seen = band & (length > _CONTRAST**2) & (in_front > 0.02) & (behind > 0.02)
    soft = cv2.GaussianBlur(np.clip(share, 0, 1).astype(np.float32), (0, 0), 0.7)
    return np.asarray(soft, np.float32), seen, np.sqrt(length).astype(np.float32)


def _numbered(line: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The lines of an outline by number, 0 elsewhere; short ones are left out."""
    import cv2

    # Gaps of a few unseen pixels do not part a line.
    joined = _dilated(line.astype(np.uint8), 3)
    _, labels = cv2.connectedComponents(joined, connectivity=8)
    numbers = np.where(line, labels, 0).astype(np.int32)
    counts = np.bincount(numbers.ravel())
    short = np.flatnonzero(counts < _LEAST)
    numbers[np.isin(numbers, short)] = 0
    return numbers


def _lost(own: OwnOutline, seen: NDArray[np.bool_]) -> float | None:
    total = np.bincount(own.parts.ravel())
    gone = np.bincount(own.parts[~seen], minlength=len(total))
    shares = [float(gone[part] / total[part]) for part in range(1, len(total)) if total[part]]
    return max(shares, default=None)


def _halo(own: OwnOutline, candidate: Floats) -> float | None:
    rim = _rim(candidate, own.weights)
    known = np.isfinite(rim[..., 0]) & np.isfinite(own.rim[..., 0])
    if known.sum() < _LEAST:
        return None
    # A pattern of the ground differs from place to place; a rim is the same all around.
    found, before = (
        float(np.linalg.norm(np.median(item[known], axis=0))) for item in (rim, own.rim)
    )
    return max(found - before, 0.0)


def _rim(picture: Floats, weights: Floats) -> Floats:
    """How the ring just outside the product differs from the ground behind it, in CIELAB, over
    stretches of the outline: (H, W, 3), NaN away from the ring."""
    solid = (weights > 0.5).astype(np.uint8)
    ring = _dilated(solid, _RING[1]) - _dilated(solid, _RING[0])
    beyond = _dilated(solid, _BEYOND[1]) - _dilated(solid, _BEYOND[0])
    near, some = _local_mean(picture, ring, _SEGMENT)
    far, more = _local_mean(picture, beyond, _SEGMENT)
    rim = near - far
    rim[(ring == 0) | (some < 0.02) | (more < 0.02)] = np.nan
    return rim


def _local_mean(
    picture: Floats, places: NDArray[np.uint8], sigma: float = _LOCAL
) -> tuple[Floats, Floats]:
    """The mean of a picture over nearby places, (H, W, 3), and the share of these nearby."""
    import cv2

    weight = places.astype(np.float32)
    share = np.asarray(cv2.GaussianBlur(weight, (0, 0), sigma), np.float32)
    total = cv2.GaussianBlur(picture * weight[..., None], (0, 0), sigma)
    return np.asarray(total / np.maximum(share, 1e-4)[..., None], np.float32), share


def _dilated(places: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    import cv2

    return np.asarray(cv2.dilate(places, _disc(radius)), np.uint8)


def _eroded(places: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    import cv2

    return np.asarray(cv2.erode(places, _disc(radius)), np.uint8)


def _disc(radius: int) -> NDArray[np.uint8]:
    import cv2

    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
