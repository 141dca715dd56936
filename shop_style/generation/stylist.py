"""One picture in one style, at whatever strengths are asked for: styled, composited, scored."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shop_style.generation.specification import Recipe
from shop_style.imaging.backdrop import part
from shop_style.imaging.composite import composite
from shop_style.imaging.intake import Photo
from shop_style.imaging.locks import Box, lock_colour, lock_places
from shop_style.imaging.mask import ProductMask
from shop_style.imaging.text import Share
from shop_style.transfer.engine import Engine, PreparedStyle, RenderContext
from shop_style.transfer.weights import weight_file
from styleeval.preservation.comparison import Comparison, Original
from styleeval.preservation.gate import Verdict, judge

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    Pixels = NDArray[np.float32]

_PREPARED_AT_MOST = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """A picture that might be published. rgb: (H, W, 3) float32 sRGB in [0, 1]. alpha: (H, W),
    None where it is opaque."""

    strength: float
    rgb: Pixels
    alpha: Pixels | None
    comparison: Comparison
    verdict: Verdict


class Stylist:
    """What does not change with strength is made once."""

    def __init__(
        self,
        recipe: Recipe,
        photo: Photo,
        mask: ProductMask,
        context: RenderContext,
        *,
        original: Photo,
        places: tuple[Box, ...] = (),
        marked: tuple[Share, ...] = (),
    ) -> None:
        """photo: what is styled. original: what it is held against, which is the photo as it came
        where it was cleaned up first. places: pixel boxes that a text lock keeps.
        marked: what a merchant marked, as shares of the picture."""
        import torch

        from shop_style.transfer.device import best_device

        self._recipe = recipe
        self._photo = photo
        self._mask = mask
        self._places = places
        self._engine = recipe.entry.load()
        self._prepared = _prepared(self._engine, recipe)
        self.detail = self._engine.describe(self._prepared)
        self.device = str(context.device or best_device())
        self._backdrop = part(photo, mask) if recipe.region == "background" else None
        self._image = _tensor(photo.rgb if self._backdrop is None else self._backdrop.lit)
        self._full: Tensor | None = None
        # A ground that is styled alone has no product in it.
        told = mask.origin != "none" and self._backdrop is None
        self._product = torch.from_numpy(mask.weights)[None] if told else None
        self._context = dataclasses.replace(context, mask=self._product, device=self.device)
        self._original = Original(
            original.flattened(),
            mask.weights,
            mask_confidence=mask.confidence,
            alexnet_weights=_alexnet(),
            places=marked,
        )

    def candidate(self, strength: float, on_stage: Callable[[str], None]) -> Candidate:
        """The picture at a strength in [0, 1], with its score and verdict."""
        styled = self._styled(strength)
        on_stage("composite")
        rgb, alpha = self._composited(styled.permute(1, 2, 0).contiguous().numpy(), strength)
        on_stage("score")
        shown = dataclasses.replace(self._photo, rgb=rgb, alpha=alpha).flattened()
        comparison = self._original.compare(shown)
        on_stage("gate")
        verdict = judge(comparison.card, self._recipe.thresholds)
        return Candidate(
            strength=strength, rgb=rgb, alpha=alpha, comparison=comparison, verdict=verdict
        )

    def _composited(self, pixels: Pixels, strength: float) -> tuple[Pixels, Pixels | None]:
        if self._backdrop is not None:
            return self._backdrop.restored(pixels, strength), None
        own = self._photo.rgb
        share = self._recipe.colour_lock
        locked = lock_colour(own, pixels, self._mask.weights, share=share)
        rgb = composite(
            self._photo,
            lock_places(own, locked, self._places),
            self._mask,
            region=self._recipe.region,
            # An engine that works on the product alone has drawn its edge already.
            keep_white=self._recipe.keep_white and not self._recipe.entry.needs_mask,
        )
        return rgb, self._photo.alpha

    def _styled(self, strength: float) -> Tensor:
        # An optimiser's whole change is worth minutes: searching a strength reuses it.
        if not (self._engine.linear_in_strength and self._recipe.strength is None):
            return self._stylise(self._dialled(strength))
        if self._full is None:
            self._full = self._stylise(1.0)
        return self._image + self._dialled(strength) * (self._full - self._image)

    def _dialled(self, strength: float) -> float | Tensor:
        """The strength, less on the product where the style says so."""
        share = self._recipe.product_strength
        if share is None or self._product is None or not self._mask.usable:
            return strength
        dial: Tensor = strength * (1 + (share - 1) * self._product)
        return dial

    def _stylise(self, strength: float | Tensor) -> Tensor:
        return self._engine.stylise(self._image, self._prepared, strength, self._context)


_prepared_styles: OrderedDict[tuple[str, str], PreparedStyle] = OrderedDict()


def _prepared(engine: Engine, recipe: Recipe) -> PreparedStyle:
    """The style's own part of the work, done once a process and style."""
    key = (recipe.entry.path, recipe.digest)
    if key in _prepared_styles:
        _prepared_styles.move_to_end(key)
        return _prepared_styles[key]
    made = engine.prepare(recipe.spec)
    _prepared_styles[key] = made
    while len(_prepared_styles) > _PREPARED_AT_MOST:
        _prepared_styles.popitem(last=False)
    return made


@cache
def _alexnet() -> Path | None:
    """AlexNet's weights where an operator brought them, checked once a process."""
    weights = weight_file("alexnet")
    if weights.path() is None:
        return None
    weights.verify()
    return weights.path()


def _tensor(rgb: Any) -> Tensor:
    import torch

    return torch.from_numpy(rgb).permute(2, 0, 1).contiguous()
