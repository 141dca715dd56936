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

_SOME: Final = 0.02
"""Least share of a side's places nearby from which its mean is known."""

_MARGIN: Final = 48
"""Pixels around the product's box: past all that a mean of the sides or of the ring is made of."""


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
class _Places:
    """Places to take means over: which, (H, W, 1), and their share of what is nearby, (H, W)."""

    weights: Floats
    share: Floats
    sigma: float

    @classmethod
    def of(cls, places: NDArray[np.uint8], sigma: float = _LOCAL) -> _Places:
        import cv2

        weights = places.astype(np.float32)
        share = np.asarray(cv2.GaussianBlur(weights, (0, 0), sigma), np.float32)
        return cls(weights=weights[..., None], share=share, sigma=sigma)

    def mean(self, picture: Floats) -> Floats:
        """The mean of a picture (H, W, 3) over the places nearby."""
        import cv2

        total = cv2.GaussianBlur(picture * self.weights, (0, 0), self.sigma)
        return np.asarray(total / np.maximum(self.share, 1e-4)[..., None], np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Surroundings:
    """Where an outline runs and what lies on its sides, cut to where any of it is looked at."""

    cut: tuple[slice, slice]
    area: float
    line: NDArray[np.bool_]
    front: _Places
    back: _Places
    band: NDArray[np.bool_]
    near: _Places
    beyond: _Places
    ring: NDArray[np.bool_]

    @classmethod
    def of(cls, weights: Floats) -> _Surroundings:
        whole = (weights > 0.5).astype(np.uint8)
        cut = _cut(whole)
        solid = whole[cut]
        ring = _dilated(solid, _RING[1]) - _dilated(solid, _RING[0])
        front, back = (
            _Places.of(_eroded(solid, _CLEAR_OF)),
            _Places.of(1 - _dilated(solid, _CLEAR_OF)),
        )
        near = _Places.of(ring, _SEGMENT)
        beyond = _Places.of(_dilated(solid, _BEYOND[1]) - _dilated(solid, _BEYOND[0]), _SEGMENT)
        return cls(
            cut=cut,
            area=float(whole.sum()),
            line=(solid - _eroded(solid, 1)) == 1,
            front=front,
            back=back,
            band=(_dilated(solid, _BAND) == 1)
            & (_eroded(solid, _BAND) == 0)
            & (front.share > _SOME)
            & (back.share > _SOME),
            near=near,
            beyond=beyond,
            ring=(ring == 1) & (near.share >= _SOME) & (beyond.share >= _SOME),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnOutline:
    """What of an outline belongs to the original alone. See `outline_of`."""

    around: _Surroundings
    share: Floats
    seen: NDArray[np.bool_]
    step: Floats
    parts: NDArray[np.int32]
    rim: Floats


def outline_of(original: Floats, weights: Floats) -> OwnOutline:
    """The outline of an original in CIELAB (H, W, 3) with the product's weights (H, W)."""
    around = _Surroundings.of(weights)
    picture = original[around.cut]
    share, seen, step = _share(picture, around)
    return OwnOutline(
        around=around,
        share=share,
        seen=seen,
        step=step,
        parts=_numbered(around.line & seen),
        rim=_rim(picture, around),
    )


def outline_kept(own: OwnOutline, candidate: Floats) -> Outline:
    """What became of it in a candidate in CIELAB (H, W, 3)."""
    picture = candidate[own.around.cut]
    share, seen, step = _share(picture, own.around)
    lost = _lost(own, seen & (step > _FAINTER * own.step))
    halo = _halo(own, picture)
    both = seen & own.seen
    if both.sum() < _LEAST:
        return Outline(silhouette=None, edge=None, lost=lost, halo=halo)
    was, now = own.share > 0.5, share > 0.5
    differs = float((was ^ now)[both].sum())
    edge = float(np.abs(share - own.share)[both].mean())
    return Outline(
        silhouette=float(np.clip(1 - differs / max(own.around.area, 1.0), 0, 1)),
        edge=edge,
        lost=lost,
        halo=halo,
    )


def _cut(solid: NDArray[np.uint8]) -> tuple[slice, slice]:
    """The product's box and all that is looked at around it; the whole picture without one."""
    down, across = (np.flatnonzero(solid.any(axis=axis)) for axis in (1, 0))
    if not down.size:
        return slice(None), slice(None)
    rows, columns = (
        slice(max(0, int(item[0]) - _MARGIN), int(item[-1]) + 1 + _MARGIN)
        for item in (down, across)
    )
    return rows, columns


def _share(picture: Floats, around: _Surroundings) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """The product's share of each pixel near the outline, told by the colours of both sides there;
    where it can be told; the ΔE76 between both sides.

    A pixel's colour is set against the mean of the product and of the ground nearby, and its
    place on the line between them read off: Chuang et al., CVPR 2001, §3, with one mean a side.
    """
    import cv2

    back = around.back.mean(picture)
    step = around.front.mean(picture) - back
    length = _product(step, step)
    share = _product(picture - back, step) / np.maximum(length, 1e-3)
    soft = cv2.GaussianBlur(np.clip(share, 0, 1), (0, 0), 0.7)
    seen = around.band & (length > _CONTRAST**2)
    return np.asarray(soft, np.float32), seen, np.sqrt(length)


def _product(one: Floats, other: Floats) -> Floats:
    """Scalar products over three channels; NumPy's own reduction over so few is slow."""
    first, second, third = (one[..., channel] * other[..., channel] for channel in range(3))
    return np.asarray(first + second + third, np.float32)


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
    if len(own.rim) < _LEAST:
        return None
    # A pattern of the ground differs from place to place; a rim is the same all around.
    found, before = (
        float(np.linalg.norm(np.median(item, axis=0)))
        for item in (_rim(candidate, own.around), own.rim)
    )
    return max(found - before, 0.0)


def _rim(picture: Floats, around: _Surroundings) -> Floats:
    """How the ring just outside the product differs from the ground behind it, in CIELAB, over
    stretches of the outline: (N, 3), a row a place of the ring."""
    return around.near.mean(picture)[around.ring] - around.beyond.mean(picture)[around.ring]


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
