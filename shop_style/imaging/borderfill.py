"""The plain background of a packshot, white or coloured: joined to the border, with its holes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.outline import clear_share, outline_of, raggedness
from shop_style.imaging.shadow import crept, in_shadow
from styleeval.preservation.pullpush import filled

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]

_MIN_LIGHTNESS: Final = 88.0
_MAX_CHROMA: Final = 5.0
_MIN_BORDER_SHARE: Final = 0.35
_PLAIN: Final = 6.0
_MIN_PLAIN_SHARE: Final = 0.7
_TOLERANCE: Final = 2.2
_HOLE_TOLERANCE: Final = 1.5
_MIN_HOLE_SHARE: Final = 2e-4
_MAX_ISLANDS: Final = 2
_MIN_ISLAND: Final = 12.0
_SAMPLES: Final = 4000
_STEP_OF_GRAIN: Final = 0.954
"""The median step between neighbours of normal grain, in its standard deviations: 0.6745 · √2."""

_LEAST_GRAIN: Final = 0.5
_GRAINS: Final = 4.0
_REACH: Final = 4
_ROUNDS: Final = 3
_CRACK: Final = 0.004
"""Half the width, of the long side, of a way through which ground is not followed."""

_CLEAR: Final = 10.0
_FAR: Final = 6
_STRONG: Final = 24.0
_DOUBT: Final = 0.8
"""What a frayed outline takes from a confidence: the mask stays the best guess there is."""

_EDGE_LEVELS: Final = 40.0


@dataclass(frozen=True, kw_only=True, eq=False)
class BorderFill:
    """A found background.

    white: is its colour near white? even: is it so without a slow change of light? background:
    (H, W) true on background. fringe: (H, W) true where it may fade into the product: the light of
    a shadow. colour: (3,) its sRGB levels, 0–255. ground: (H, W, 3), the same with its shadow,
    carried on behind the product.
    tolerance, edge: levels of difference at which a pixel starts to be product, and over which
    it becomes wholly so. distinct: 0–1, how clearly the product stands out from it. confidence:
    0–1, how far the fill can be trusted.
    """

    white: bool
    even: bool
    background: Bools
    fringe: Bools
    colour: Floats
    ground: Floats
    tolerance: float
    edge: float
    distinct: float
    confidence: float


def fill_border(rgb: Bytes) -> BorderFill | None:
    """The background of a picture (H, W, 3), or None when its border is neither white nor plain."""
    levels = rgb.astype(np.float32) / np.float32(255)
    lab = np.asarray(cv2.cvtColor(levels, cv2.COLOR_RGB2Lab), np.float32)
    rim = _rim(rgb.shape[:2])
    lab = _without_grain(lab, rim)
    found = _ground(lab, rim)
    even = found is not None
    if found is None:
        lab = _levelled(lab, rim)
        found = _ground(lab, rim)
    if found is None:
        return None
    white, of_ground = found
    border_share = float(of_ground.sum() / rim.sum())
    tone = np.median(lab[of_ground], axis=0).astype(np.float32)
    spread = float(np.percentile(_distance(lab[of_ground], tone, white), 75))
    distance = _distance(lab, tone, white)
    tolerance = _TOLERANCE + min(2 * spread, 3.0)
    outer = _joined_to_border(distance < tolerance)
    background = outer | _holes(distance < _HOLE_TOLERANCE + spread, outer)
    looser = _joined_to_border(distance < 1.8 * tolerance + 1)
    # Behind a hole, and its shading, may lie another: between the legs of a stool.
    for _ in range(_ROUNDS):
        background |= in_shadow(lab, background, tone)
        background |= crept(lab, background, tone)
        local = _from_local_ground(lab, background)
        like_tone = distance < _HOLE_TOLERANCE + spread
        holes = _holes(like_tone | (local < _HOLE_TOLERANCE + spread + 1), background)
        background |= holes
        if not holes.any():
            break
    distinct = _distinctness(background, looser, local, tolerance)
    return BorderFill(
        white=white,
        even=even,
        background=background,
        fringe=looser & ~background,
        colour=np.median(rgb[of_ground], axis=0).astype(np.float32),
        ground=filled(rgb.astype(np.float32), background.astype(np.float32)),
        tolerance=2.0 * tolerance,
        edge=_EDGE_LEVELS,
        distinct=distinct,
        confidence=distinct * _placed(background, border_share),
    )


def _without_grain(lab: Floats, rim: Bools) -> Floats:
    """The picture without the grain that its border has; edges and finer shading than grain stay.

    A sensor's grain makes neighbours differ as a shadow's end does, and every outline ragged.
    """
    step = np.abs(np.diff(lab, axis=1))[rim[:, 1:] & rim[:, :-1]]
    grain = float(np.sqrt(np.square(np.median(step, axis=0) / _STEP_OF_GRAIN).sum()))
    if grain < _LEAST_GRAIN:
        return lab
    reach = _GRAINS * grain
    smoother = cv2.bilateralFilter(lab, 7, reach, 2.0)
    return np.asarray(cv2.bilateralFilter(smoother, 7, reach / 2, 2.0), np.float32)


def _levelled(lab: Floats, rim: Bools) -> Floats:
    """The picture without a slow change of its ground's light, as of a studio's backdrop.

    A quadratic field is fitted to the border, twice, the second time without what stands out.
    """
    down, across = np.linspace(-1, 1, lab.shape[0]), np.linspace(-1, 1, lab.shape[1])
    y, x = np.meshgrid(down, across, indexing="ij")
    basis = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1).astype(np.float32)
    places = np.flatnonzero(rim)[:: max(1, int(rim.sum()) // _SAMPLES)]
    seen, shown = basis.reshape(-1, 6)[places], lab.reshape(-1, 3)[places]
    for _ in range(2):
        field = np.linalg.lstsq(seen, shown, rcond=None)[0]
        off = np.linalg.norm(shown - seen @ field, axis=-1)
        kept = off <= max(3 * float(np.median(off)), 1.0)
        seen, shown = seen[kept], shown[kept]
    level: Floats = (basis @ field - field[0]).astype(np.float32)
    return lab - level


def _from_local_ground(lab: Floats, background: Bools) -> Floats:
    """ΔE76 of each place from the ground around it, shadow included."""
    ground = filled(lab, background.astype(np.float32))
    return np.asarray(np.linalg.norm(lab - ground, axis=-1), np.float32)


def _ground(lab: Floats, rim: Bools) -> tuple[bool, Bools] | None:
    """Is the ground white, and the places of the rim that show it; None when it is not plain."""
    white_rim = rim & _near_white(lab)
    if white_rim.sum() >= _MIN_BORDER_SHARE * rim.sum():
        return True, white_rim
    tone = np.median(lab[rim], axis=0).astype(np.float32)
    plain_rim = rim & (_distance(lab, tone, False) < _PLAIN)
    if plain_rim.sum() >= _MIN_PLAIN_SHARE * rim.sum():
        return False, plain_rim
    return None


def _rim(shape: tuple[int, ...]) -> Bools:
    width = max(1, round(min(shape) * 0.01))
    rim = np.ones(shape, np.bool_)
    rim[width:-width, width:-width] = False
    return rim


def _near_white(lab: Floats) -> Bools:
    return (lab[..., 0] > _MIN_LIGHTNESS) & (np.hypot(lab[..., 1], lab[..., 2]) < _MAX_CHROMA)


def _distance(lab: Floats, tone: Floats, white: bool) -> Floats:
    """ΔE76 from the background's tone; where it is white, being still whiter costs nothing."""
    difference = lab - tone
    if white:
        difference[..., 0] = np.minimum(difference[..., 0], 0)
    return np.sqrt(np.square(difference).sum(axis=-1))  # type: ignore[no-any-return]


def _joined_to_border(near: Bools) -> Bools:
    """Places like the ground that hang together with the border, by no crack in a product.

    A white print that runs to the outline has ways into it of a pixel or two.
    """
    kernel = _crack(near.shape)
    wide = cv2.erode(near.astype(np.uint8), kernel)
    reached = _touching_border(wide == 1).astype(np.uint8)
    joined: Bools = near & (cv2.dilate(reached, kernel) == 1)
    return joined


def _crack(shape: tuple[int, ...]) -> Bytes:
    """A disc as wide as the widest way that is a crack."""
    side = 2 * max(1, round(_CRACK * max(shape))) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _touching_border(near: Bools) -> Bools:
    _, found = cv2.connectedComponents(near.astype(np.uint8), connectivity=4)
    labels = np.asarray(found, np.int32)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    outside = np.zeros(labels.max() + 1, np.bool_)
    outside[edge] = True
    outside[0] = False
    joined: Bools = outside[labels]
    return joined


def _holes(same: Bools, outer: Bools) -> Bools:
    """Enclosed patches of the very same colour that lie close to the outline.

    A handle's hole is near the outside for its size; a white print on a chest is not, and the
    white around a title has letters in it.
    """
    enclosed = same & ~outer
    kernel = _crack(same.shape)
    count, numbered, stats, _ = cv2.connectedComponentsWithStats(
        cv2.erode(enclosed.astype(np.uint8), kernel), connectivity=4
    )
    labels = np.asarray(numbered, np.int32)
    found = np.zeros(count, np.bool_)
    smallest = max(16.0, _MIN_HOLE_SHARE * same.size)
    if count > 1:
        inner = (~outer).astype(np.uint8)
        to_outside = np.asarray(cv2.distanceTransform(inner, cv2.DIST_L2, 3), np.float32)
        nearest = np.full(count, np.inf, np.float32)
        np.minimum.at(nearest, labels.ravel(), to_outside.ravel())
        area = stats[:, cv2.CC_STAT_AREA]
        found = (area >= smallest) & (nearest <= 0.6 * np.sqrt(area))
        found[0] = False
        for label in np.flatnonzero(found):
            found[label] = _islands(labels == label) < _MAX_ISLANDS
    grown = cv2.dilate(found[labels].astype(np.uint8), kernel)
    holes: Bools = enclosed & (grown == 1)
    return holes


def _islands(patch: Bools) -> int:
    """How many things lie wholly inside a patch."""
    outlines, hierarchy = cv2.findContours(
        patch.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    inner = [one for one, links in zip(outlines, hierarchy[0], strict=True) if links[3] >= 0]
    return sum(cv2.contourArea(one) >= _MIN_ISLAND for one in inner)


def _placed(background: Bools, border_share: float) -> float:
    """0–1: is the product of a likely size, with much of the border ground?"""
    product = float((~background).mean())
    sized = np.interp(product, [0.005, 0.03, 0.9, 0.99], [0, 1, 1, 0])
    return float(sized * np.interp(border_share, [_MIN_BORDER_SHARE, 0.75], [0.3, 1]))


def _distinctness(background: Bools, looser: Bools, distance: Floats, tolerance: float) -> float:
    """0–1: how clearly the product stands out.

    A white product has no edge to stop at: its area then depends on the tolerance, its outline
    runs through soft shading, and it is frayed where the ground ate into it, as into glass.
    """
    product = float((~background).mean())
    if product == 0:
        return 0.0
    shrunk = float((~(background | looser)).mean()) / product
    stable = np.interp(shrunk, [0.75, 0.97], [0, 1])
    outline = outline_of(~background)
    stepped = clear_share(outline, distance, level=tolerance + _CLEAR, reach=_REACH)
    edged = np.interp(stepped, [0.15, 0.4], [0, 1])
    frayed = _frayed(background, outline, distance)
    return float(stable * edged * (1 - _DOUBT * frayed))


def _frayed(background: Bools, outline: Bools, distance: Floats) -> float:
    """0–1: is the outline ragged, and not only because a thing that stands out clearly is so?"""
    inside = np.where(background, np.float32(0), distance)
    faint = 1 - clear_share(outline, inside, level=_STRONG, reach=_FAR)
    ragged = np.interp(raggedness(~background), [2.2, 3.4], [0, 1])
    return float(ragged * np.interp(faint, [0.03, 0.12], [0, 1]))
