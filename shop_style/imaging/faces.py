"""Whether people look out of a picture, for shops that will not have them painted."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.exceptions import FacesRefused
from shop_style.imaging.intake import Photo
from styleeval.sentence import said

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels; right and bottom are beyond it."""

Square = tuple[int, int, int]
"""Left, top and side."""

_WORKING_SIDE: Final = 512
_SMALLEST: Final = 0.08
_SCALE_STEP: Final = 1.1
_STRIDE: Final = 1.2
_HITS: Final = 9
"""Windows of the picture and its mirror image that must agree on a face."""


def find_faces(photo: Photo) -> tuple[Box, ...]:
    """Boxes of faces that look towards the camera, largest first.

    scikit-image's cascade of local binary patterns with the frontal faces of OpenCV that its
    wheel brings, on the picture at 512 pixels and on its mirror image, whose hits are pooled:
    after Viola & Jones, "Robust Real-Time Face Detection", IJCV 57(2), 2004, §5.6. Blind to
    profiles, to faces under 8 % of the shorter side, and to many that are turned or covered
    (docs/text.md has the rates).
    """
    rgb = photo.flattened()
    scale = max(1.0, max(rgb.shape[:2]) / _WORKING_SIDE)
    size = (round(rgb.shape[1] / scale), round(rgb.shape[0] / scale))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    pixels = np.asarray(cv2.convertScaleAbs(small, alpha=255), np.uint8)
    mirrored = [
        (size[0] - left - side, top, side)
        for left, top, side in _hits(np.ascontiguousarray(pixels[:, ::-1]))
    ]
    faces = [np.mean(group, axis=0) for group in _grouped(_hits(pixels) + mirrored)]
    faces.sort(key=lambda face: -face[2])
    return tuple(
        (
            round(left * scale),
            round(top * scale),
            round((left + side) * scale),
            round((top + side) * scale),
        )
        for left, top, side in faces
    )


def refuse_faces(photo: Photo, *, name: str) -> None:
    """Raise FacesRefused when people look out of a photo. name: of its file, for the message."""
    faces = find_faces(photo)
    if not faces:
        return
    left, top, right, bottom = faces[0]
    raise FacesRefused(
        said(
            "{name}: a face was found at {left}, {top} to {right}, {bottom} pixels, and "
            "this shop refuses to style people; crop the picture to the product, or set "
            "SHOP_STYLE['FACES'] to 'allow'",
            name=name,
            left=left,
            top=top,
            right=right,
            bottom=bottom,
        )
    )


def _hits(pixels: NDArray[np.uint8]) -> list[Square]:
    """Every window that the cascade takes for a face."""
    shorter = min(pixels.shape[:2])
    least = max(24, round(_SMALLEST * shorter))  # 24 is the cascade's own window
    if shorter < least:
        return []
    found = _cascade().detect_multi_scale(
        pixels,
        scale_factor=_SCALE_STEP,
        step_ratio=_STRIDE,
        min_size=(least, least),
        max_size=(shorter, shorter),
        # No grouping: it would be done before the mirror image's hits are known.
        min_neighbor_number=0,
        intersection_score_threshold=1.01,
    )
    return [(hit["c"], hit["r"], hit["width"]) for hit in found]


def _grouped(hits: list[Square]) -> list[list[Square]]:
    """Hits that mean one face, of faces with enough of them."""
    groups: list[list[Square]] = []
    for hit in sorted(hits, key=lambda hit: hit[2]):
        for group in groups:
            if _same(hit, np.mean(group, axis=0)):
                group.append(hit)
                break
        else:
            groups.append([hit])
    return [group for group in groups if len(group) >= _HITS]


def _same(hit: Square, face: NDArray[np.float64]) -> bool:
    left, top, side = face
    apart = max(
        abs(left + side / 2 - hit[0] - hit[2] / 2), abs(top + side / 2 - hit[1] - hit[2] / 2)
    )
    return bool(apart < 0.25 * side and 0.65 * side < hit[2] < 1.5 * side)


@cache
def _cascade() -> Any:
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())  # type: ignore[no-untyped-call]
