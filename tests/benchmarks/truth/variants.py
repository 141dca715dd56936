"""Honest variants of each mode, which defects are planted in and harmless changes made to."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from shop_style.imaging.backdrop import part
from shop_style.imaging.composite import composite
from shop_style.imaging.intake import Photo
from shop_style.imaging.locks import lock_colour
from shop_style.imaging.mask import ProductMask
from shop_style.transfer.engine import RenderContext, StyleSpec
from shop_style.transfer.registry import engine_entry
from tests.benchmarks.pictures import ROOT
from tests.benchmarks.truth.subjects import SIDE, Subject

Floats = NDArray[np.float32]

_GROUNDS: Final = ("painterly", "linocut", "watercolour", "riso-lake", "tapestry", "graphic")
_LOOKS: Final = (
    "painterly",
    "linocut",
    "watercolour",
    "vangogh-wheat-field",
    "tapestry",
    "graphic",
)
_STRENGTHS: Final = (0.5, 0.35)


def variant(subject: Subject, mode: str, number: int, folder: Path) -> Floats:
    """The picture (SIDE, SIDE, 3) of a subject in a mode; `number` varies look and strength.

    Made once, then read from `folder`.
    """
    # A subject's label and frame may change with the code: its pixels are part of the name.
    seen = zlib.crc32(np.rint(subject.on_white * 255).astype(np.uint8).tobytes())
    path = folder / f"{subject.slug}-{mode}-{number}-{seen:08x}.png"
    if not path.exists():
        made = _MAKERS[mode](subject, number)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(made * 255).astype(np.uint8)).save(path)
    with Image.open(path) as opened:
        return np.asarray(opened, np.float32) / 255


def _background(subject: Subject, number: int) -> Floats:
    """On a ground of a reference picture: painted, printed or woven."""
    picture = _reference(_GROUNDS[number % len(_GROUNDS)])
    side = min(picture.shape[:2])
    ground = cv2.resize(picture[:side, :side], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    photo = Photo(rgb=subject.on_white, alpha=None, format="PNG")
    return part(photo, ProductMask(subject.alpha, 1.0, "white")).restored(ground)


def _grade(subject: Subject, number: int) -> Floats:
    reference = ("grade", "watercolour", "painterly")[number % 3]
    return _styled(subject, "grade", {}, 0.6, reference=reference)


def _artistic(subject: Subject, number: int) -> Floats:
    look = _LOOKS[number % len(_LOOKS)]
    parameters = {"style": look, "chroma_gain": 0.5}
    return _styled(subject, "network", parameters, _STRENGTHS[number % 2])


def _locked(subject: Subject, number: int) -> Floats:
    look = _LOOKS[number % len(_LOOKS)]
    return _styled(subject, "network", {"style": look}, _STRENGTHS[number % 2], lock=1.0)


def _styled(
    subject: Subject,
    engine: str,
    parameters: dict[str, object],
    strength: float,
    *,
    reference: str = "",
    lock: float = 0.0,
    photo: Floats | None = None,
) -> Floats:
    """As the pipeline makes it: engine, colour lock, composite with the white kept."""
    entry = engine_entry(engine)
    references = (_tensor(_reference(reference)),) if reference else ()
    spec = StyleSpec(
        slug=engine,
        engine=engine,
        parameters=entry.parameters.from_mapping(parameters),
        references=references,
        artefact=None,
    )
    taken = Photo(rgb=subject.on_white if photo is None else photo, alpha=None, format="PNG")
    mask = ProductMask(subject.alpha, 1.0, "white")
    made = entry.load()
    context = RenderContext(mask=torch.from_numpy(mask.weights)[None], device="cpu")
    styled = made.stylise(_tensor(taken.rgb), made.prepare(spec), strength, context)
    pixels = styled.permute(1, 2, 0).contiguous().numpy()
    pixels = lock_colour(taken.rgb, pixels, mask.weights, share=lock)
    return composite(
        taken, pixels, mask, region="whole", keep_white=not (entry.needs_mask or entry.enhances)
    )


def _reference(name: str) -> Floats:
    with Image.open(ROOT / "fixtures" / "styles" / f"{name}.jpg") as opened:
        return np.asarray(opened.convert("RGB"), np.float32) / 255


def _tensor(rgb: Floats) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1).contiguous()


def _fabric(subject: Subject, number: int) -> Floats:
    reference = ("tapestry", "riso-lake")[number % 2]
    return _styled(subject, "fabric", {"region": "product"}, 1.0, reference=reference)


def _restore(subject: Subject, number: int) -> Floats:
    return _styled(subject, "restore", {}, 1.0, photo=worn(subject))


def original(subject: Subject, mode: str) -> Floats:
    """The photo that variants of a mode are made of."""
    return worn(subject) if mode == "restore" else subject.on_white


def worn(subject: Subject) -> Floats:
    """The photo with grain, saved as a poor JPEG: what a restoration is for."""
    grain = np.random.default_rng(7).normal(0, 5 / 255, subject.on_white.shape)
    noisy = np.clip(subject.on_white + grain, 0, 1)
    stream = io.BytesIO()
    Image.fromarray(np.rint(noisy * 255).astype(np.uint8)).save(stream, "JPEG", quality=60)
    with Image.open(stream) as opened:
        return np.asarray(opened.convert("RGB"), np.float32) / 255


_MAKERS: Final[dict[str, Callable[[Subject, int], Floats]]] = {
    "background": _background,
    "grade": _grade,
    "artistic": _artistic,
    "locked": _locked,
    "fabric": _fabric,
    "restore": _restore,
}
"""What makes each mode's variants."""
