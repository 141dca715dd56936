"""What `quality` measures: one point per pair, method and strength, kept as JSON lines."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from shop_style.exceptions import StyleNotFittable, StyleReferenceError
from styleeval.preservation.structure import ssim_map
from tests.benchmarks.judge import Judge, Reading, content_distance, scaled, style_distance
from tests.benchmarks.methods import Method, Render, built_in_of
from tests.benchmarks.pictures import Pair, Product, eight_bit

IDENTITY: Final = "identity"
BLEND_OF: Final = "linear blend of "
# Close enough together that straight lines between them do not undersell a curved control.
BLENDS: Final = tuple(number / 8 for number in range(1, 8))


@dataclass(frozen=True, kw_only=True)
class Point:
    """How one picture was judged.

    gain, kept: style gain and content kept (`judge.Judge`). ssim: mean luma SSIM with the product
    inside its mask, σ 1.5, at the judge's size. ours: may pictures of the pair be shown?
    seen: was a built-in style learned from this very reference?
    """

    product: str
    style: str
    method: str
    strength: float
    gain: float
    kept: float
    ssim: float
    ours: bool
    seen: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class _Original:
    """What the judge knows of a product before any style."""

    reading: Reading
    unrelated: float
    picture: np.ndarray
    mask: np.ndarray


class Measurement:
    """Renders and judges every pair, style by style."""

    def __init__(self, judge: Judge, methods: Sequence[Method], strangers: Sequence[Product]):
        """strangers: products that say how far apart unrelated contents are."""
        self._judge = judge
        self._methods = methods
        self._strangers = strangers
        self._originals: dict[str, _Original] = {}

    def points(self, pairs: Sequence[Pair]) -> Iterator[list[Point]]:
        """All points of one pair after another; prints what is left out, and the time left."""
        started = time.monotonic()
        ordered = sorted(pairs, key=lambda pair: pair.style.slug)
        renders: dict[str, Render | None] = {}
        slug, reference = "", None
        for number, pair in enumerate(ordered, start=1):
            if reference is None or pair.style.slug != slug:
                slug, reference = pair.style.slug, self._judge.read(pair.style.picture)
                renders = {method.name: prepared(method, pair) for method in self._methods}
            yield self._pair(pair, reference, renders)
            spent = time.monotonic() - started
            left = spent / number * (len(ordered) - number)
            print(f"{number}/{len(ordered)} {pair.name}: {left / 60:.0f} min left", flush=True)

    def _pair(
        self, pair: Pair, reference: Reading, renders: dict[str, Render | None]
    ) -> list[Point]:
        original = self._original(pair.product)
        before = style_distance(original.reading, reference)
        seen = built_in_of(pair.style.slug) is not None

        def judged(method: str, strength: float, picture: Tensor) -> Point:
            reading = self._judge.read(picture)
            return Point(
                product=pair.product.slug,
                style=pair.style.slug,
                method=method,
                strength=strength,
                gain=1 - style_distance(reading, reference) / before,
                kept=1 - content_distance(reading, original.reading) / original.unrelated,
                ssim=self._ssim(picture, original),
                ours=pair.ours,
                seen=seen,
            )

        found = [judged(IDENTITY, 0.0, pair.product.picture)]
        for method in self._methods:
            render = renders[method.name]
            if render is None or not method.takes(pair):
                continue
            for strength, picture in dial(method, render, pair.product):
                found.append(judged(method.name, strength, picture))
            if method.trained_in_between:
                for share in BLENDS:
                    blend = eight_bit(torch.lerp(pair.product.picture, picture, share))
                    found.append(judged(BLEND_OF + method.name, share, blend))
        return found

    def _original(self, product: Product) -> _Original:
        if product.slug not in self._originals:
            others = [other.picture for other in self._strangers if other.slug != product.slug]
            size = self._judge.size_of(product.picture)
            self._originals[product.slug] = _Original(
                reading=self._judge.read(product.picture),
                unrelated=self._judge.unrelated(product.picture, others),
                picture=_rows(scaled(product.picture, size)),
                mask=scaled(product.mask[None], size)[0].numpy(),
            )
        return self._originals[product.slug]

    def _ssim(self, picture: Tensor, original: _Original) -> float:
        size = self._judge.size_of(picture)
        local = ssim_map(_rows(scaled(picture, size)), original.picture)
        return float((local * original.mask).sum() / max(float(original.mask.sum()), 1.0))


def prepared(method: Method, pair: Pair) -> Render | None:
    """The style's renderer; None where there is none, or, printed, where it is refused."""
    try:
        return method.prepared(pair.style)
    except (StyleNotFittable, StyleReferenceError) as error:
        print(f"left out: {method.name} in {pair.style.slug}: {error}", flush=True)
        return None


def dial(method: Method, render: Render, product: Product) -> Iterator[tuple[float, Tensor]]:
    """The product at each of the method's strengths, as 8-bit pictures; the strongest last."""
    for strength in sorted(method.strengths):
        yield strength, eight_bit(render(product, strength))


class PointFile:
    """Points on disk: a line saying what was run, then a line a pair, so that a run goes on."""

    def __init__(self, path: Path, setting: dict[str, Any]) -> None:
        self._path = path
        self._setting = setting

    def done(self) -> list[Point]:
        """What an earlier run of the same setting left; empty for another setting."""
        if not self._path.exists():
            return []
        head, *lines = self._path.read_text(encoding="utf-8").splitlines()
        if json.loads(head) != self._setting:
            return []
        return [Point(**entry) for line in lines for entry in json.loads(line)]

    def begin(self) -> None:
        """Forget what is there."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._setting) + "\n", encoding="utf-8")

    def add(self, points: Sequence[Point]) -> None:
        """Keep a pair's points."""
        line = json.dumps([dataclasses.asdict(point) for point in points])
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")


def _rows(picture: Tensor) -> np.ndarray:
    return np.ascontiguousarray(picture.permute(1, 2, 0).numpy(), dtype=np.float32)
