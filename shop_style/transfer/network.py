"""The engine `network`: our feed-forward style network, in a built-in or a fitted style."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor
from torch.nn import functional

from shop_style.exceptions import (
    EngineParameterError,
    PictureUnsuitable,
    RenderCancelled,
    StyleReferenceError,
)
from shop_style.transfer._strength import level_shares, strength_levels
from shop_style.transfer._style_model import Change, Gains, StyleModel, load_style_model
from shop_style.transfer._style_network import RECEPTIVE_RADIUS, STRIDE
from shop_style.transfer.built_in import built_in_style
from shop_style.transfer.device import best_device
from shop_style.transfer.engine import Engine, PreparedStyle, RenderContext, StyleSpec
from shop_style.transfer.parameters import NetworkParameters
from shop_style.transfer.statistics import (
    ProductOnly,
    StatisticsProvider,
    ThisImage,
    Thumbnail,
)
from shop_style.transfer.style_code import StyleCode, mixed
from shop_style.transfer.tiling import Tile, tiles
from styleeval.sentence import said

SMALLEST_PICTURE: Final = 16
TILE_SIDE: Final = 768
UNTILED_PIXELS: Final = 1_400_000

_PROVIDERS: Final[dict[str, Callable[[], StatisticsProvider]]] = {
    "thumbnail": Thumbnail,
    "image": ThisImage,
    "product": ProductOnly,
    # Without a gallery at hand a picture is its own.
    "gallery": Thumbnail,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkStyle(PreparedStyle):
    """A style's conditional parameters, mixed where two were asked for."""

    code: StyleCode
    parameters: NetworkParameters

    @property
    def gains(self) -> Gains:
        return Gains(luma=self.parameters.luma_gain, chroma=self.parameters.chroma_gain)


class NetworkEngine(Engine):
    """`out = x + s·Δ(x, style, s)`, the sum in float32, tiled exactly when large."""

    name: ClassVar[str] = "network"
    fits_styles: ClassVar[bool] = True
    tiles_exactly: ClassVar[bool] = True

    def __init__(
        self,
        *,
        dtype: torch.dtype | None = None,
        tile_side: int = TILE_SIDE,
        untiled_pixels: int = UNTILED_PIXELS,
    ) -> None:
        """dtype: of the convolutions; None takes what the device is fast in. tile_side: in
        pixels of the working size. untiled_pixels: up to so many it works in one piece."""
        self._dtype = dtype
        self.tile_side = tile_side
        self.untiled_pixels = untiled_pixels

    def prepare(self, style: StyleSpec) -> NetworkStyle:
        """Read or mix the style's conditional parameters.

        Raises EngineParameterError for an unknown built-in style, StyleReferenceError when there
        is neither a built-in style nor a fitted one, StyleArtefactError, WeightsError.
        """
        parameters = style.parameters
        if not isinstance(parameters, NetworkParameters):
            raise EngineParameterError(
                f"style “{style.slug}”: the engine network takes NetworkParameters, "
                f"not {type(parameters).__name__}"
            )
        code = self._first_code(style, parameters)
        if parameters.second_style and parameters.second_share:
            second = self._built_in(parameters.second_style)
            share = parameters.second_share
            code = mixed([code, second], [1 - share, share])
        return NetworkStyle(code=code, parameters=parameters)

    def stylise(
        self,
        image: Tensor,
        style: PreparedStyle,
        strength: float | Tensor,
        context: RenderContext,
    ) -> Tensor:
        """As the contract; raises PictureUnsuitable for a picture of a few pixels."""
        if not isinstance(style, NetworkStyle):
            raise EngineParameterError(
                f"the engine network was handed a {type(style).__name__}; prepare the style first"
            )
        strength = _by_region(strength, style.parameters, context.mask)
        levels = strength_levels(strength)
        if not levels:
            return image.clone()
        if min(image.shape[-2:]) < SMALLEST_PICTURE:
            raise PictureUnsuitable(
                said(
                    "the picture is {width} × {height} pixels; the engine network needs at least "
                    "{smallest_picture} a side",
                    width=image.shape[-1],
                    height=image.shape[-2],
                    smallest_picture=SMALLEST_PICTURE,
                )
            )
        return _Render(self, image, style, strength, context).run(levels)

    def describe(self, style: PreparedStyle) -> str:
        """The weights: a later release of them paints other pixels."""
        return f"network {self.model(None).weights_sha256[:8]}"

    def model(self, device: str | None) -> StyleModel:
        """The loaded network."""
        return load_style_model(device or best_device(), self._dtype)

    def _first_code(self, style: StyleSpec, parameters: NetworkParameters) -> StyleCode:
        if parameters.style:
            return self._built_in(parameters.style)
        if style.artefact is None:
            raise StyleReferenceError(
                said(
                    "style “{style}” is not fitted yet; fit it in the admin or with `manage.py "
                    "fit_style {style} …`, or choose a built-in style",
                    style=style.slug,
                )
            )
        return StyleCode.from_bytes(style.artefact, self.model(None).weights_sha256)

    def _built_in(self, slug: str) -> StyleCode:
        built_in_style(slug)
        return self.model(None).codes[slug]


def whole_factor(height: int, width: int, working_side: int) -> int:
    """By what whole number a picture is reduced so that its short side comes nearest to
    `working_side`; 1 when that is 0 or the picture is smaller."""
    if working_side == 0:
        return 1
    return max(1, round(min(height, width) / working_side))


def _by_region(
    strength: float | Tensor, parameters: NetworkParameters, mask: Tensor | None
) -> float | Tensor:
    """The strength as a map where product and background are to differ."""
    product, background = parameters.product_share, parameters.background_share
    if mask is None or product == background:
        return strength * (product if mask is not None else 1.0)
    return strength * (background + (product - background) * mask)


class _Render:
    """One picture in one style: the statistics, then part after part."""

    def __init__(
        self,
        engine: NetworkEngine,
        image: Tensor,
        style: NetworkStyle,
        strength: float | Tensor,
        context: RenderContext,
    ) -> None:
        self._engine = engine
        self._model = engine.model(context.device)
        self._image = image
        self._style = style
        self._strength = strength
        self._context = context
        self._factor = whole_factor(image.shape[-2], image.shape[-1], style.parameters.working_side)
        self._working = _shrunk(image, self._factor)

    @torch.inference_mode()
    def run(self, levels: list[float]) -> Tensor:
        """The styled picture; levels as `strength_levels` gives them."""
        changes = [(level, self._change_at(level)) for level in levels]
        out = torch.empty_like(self._image)
        parts = self._tiles()
        for number, tile in enumerate(parts, start=1):
            if self._context.cancelled():
                raise RenderCancelled("the style network was told to stop")
            self._paint(tile, changes, levels, out)
            self._context.report(number, len(parts))
        return out

    def _change_at(self, level: float) -> Change:
        style, context = self._style, self._context
        provider = context.statistics or _PROVIDERS[style.parameters.statistics]()
        mask = None if context.mask is None else _shrunk(context.mask, self._factor)
        samples = provider.samples(self._working, mask)
        only = samples[0] if provider.belongs_to_picture and len(samples) == 1 else None
        itself = only is not None and only.image is self._working and only.weight is None
        keep = self._keeps_ground
        if itself and self._is_whole:
            return self._model.own_change(style.code, level, style.gains, keep_ground=keep)
        statistics = provider.kept(
            (self._model, style.code, level, keep),
            lambda: self._model.statistics(style.code, level, samples, keep_ground=keep),
        )
        return self._model.frozen_change(style.code, level, statistics, style.gains)

    @property
    def _keeps_ground(self) -> bool:
        ground, given = self._style.parameters.ground, self._context.statistics
        # A gallery keeps it for all of its pictures or for none.
        shared = given is not None and not given.belongs_to_picture
        return ground == "keep" or (ground == "auto" and (shared or self._context.mask is not None))

    @property
    def _is_whole(self) -> bool:
        return self._working.shape[-2] * self._working.shape[-1] <= self._engine.untiled_pixels

    def _tiles(self) -> list[Tile]:
        height, width = (-(-side // STRIDE) * STRIDE for side in self._working.shape[-2:])
        side = max(height, width) if self._is_whole else self._engine.tile_side
        return list(tiles(height, width, side=side, overlap=RECEPTIVE_RADIUS))

    def _paint(
        self, tile: Tile, changes: list[tuple[float, Change]], levels: list[float], out: Tensor
    ) -> None:
        """Compute one part of the working picture and add its change to the full picture."""
        factor = self._factor
        window = self._working[:, tile.window_rows, tile.window_columns]
        size = (_length(tile.window_rows), _length(tile.window_columns))
        picture = _extended(window, size)[None].to(self._model.device)
        origin = (tile.window_rows.start, tile.window_columns.start)
        rows, columns = (
            slice(part.start * factor, min(part.stop * factor, limit))
            for part, limit in zip((tile.rows, tile.columns), self._image.shape[-2:], strict=True)
        )
        inside = tuple(
            slice(part.start * factor, part.start * factor + _length(wanted))
            for part, wanted in zip(tile.inside, (rows, columns), strict=True)
        )
        base = self._image[:, rows, columns]
        strength = self._strength
        share = strength[:, rows, columns] if isinstance(strength, Tensor) else strength
        part = base.clone()
        for (level, change), weight in zip(changes, level_shares(share, levels), strict=True):
            enlarged = _enlarged(change(picture, origin), factor)[0, :, inside[0], inside[1]]
            part += weight * level * enlarged.to(base.device)
        out[:, rows, columns] = part.clamp_(0, 1)


def _length(part: slice) -> int:
    length: int = part.stop - part.start
    return length


def _shrunk(picture: Tensor, factor: int) -> Tensor:
    """(C, H, W) averaged over factor × factor pixels, fewer at the far border."""
    if factor == 1:
        return picture
    return functional.avg_pool2d(picture[None], factor, ceil_mode=True, count_include_pad=False)[0]


def _enlarged(change: Tensor, factor: int) -> Tensor:
    if factor == 1:
        return change
    return functional.interpolate(change, scale_factor=factor, mode="bilinear")


def _extended(window: Tensor, size: tuple[int, int]) -> Tensor:
    """The window with its last row and column repeated to the size of the grid."""
    below, right = size[0] - window.shape[-2], size[1] - window.shape[-1]
    if not (below or right):
        return window
    return functional.pad(window, (0, right, 0, below), mode="replicate")
