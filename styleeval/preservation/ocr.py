"""The OCR engine of the `ocr` extra: lines of print and what they say, without a network."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Quad = NDArray[np.float32]
"""Corners (4, 2) of a line of print: x, y in pixels, clockwise from where the line begins."""

UPRIGHT: Final = 1.5
"""Height over width from which a line's crop is read as running upwards."""

_lock = threading.Lock()


@cache
def available() -> bool:
    """Is the `ocr` extra installed? Loads nothing."""
    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def find_lines(bgr: Bytes) -> list[Quad]:
    """The lines of print in a picture (H, W, 3), 8-bit BGR."""
    with _lock:
        found = _engine()(bgr, use_det=True, use_cls=False, use_rec=False)
    boxes = getattr(found, "boxes", None)
    return [] if boxes is None else [np.asarray(box, np.float32) for box in boxes]


def read_lines(crops: Sequence[Bytes]) -> list[tuple[str, float]]:
    """What upright crops of one line each say, and how sure that is (0–1).

    Nothing turns them: print that stands on its head reads as nonsense, as it should.
    """
    if not crops:
        return []
    with _lock:
        engine = _engine()
        engine.return_word_box = False
        found = engine.recognize_txt(list(crops))
    return [(str(text), float(score)) for text, score in zip(found.txts, found.scores, strict=True)]


def cut(bgr: Bytes, quad: Quad, *, turned: bool = False) -> Bytes:
    """A line straightened out of its picture. turned: rotate it by 180°."""
    width = max(int(np.linalg.norm(quad[0] - quad[1])), int(np.linalg.norm(quad[2] - quad[3])), 2)
    height = max(int(np.linalg.norm(quad[0] - quad[3])), int(np.linalg.norm(quad[1] - quad[2])), 2)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    straight = cv2.warpPerspective(
        bgr,
        cv2.getPerspectiveTransform(quad, flat),
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if height >= UPRIGHT * width:
        straight = np.rot90(straight)
    return np.ascontiguousarray(np.rot90(straight, 2) if turned else straight)


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            # A pool of its own would spin beside torch's.
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        }
    )
