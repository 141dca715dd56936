"""The engine contract: how a picture becomes a styled picture. Importing it loads no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from shop_style.transfer.parameters import EngineParameters

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class StyleSpec:
    """What an engine needs to know of a style.

    references: pictures (3, H, W), float32 sRGB in [0, 1].
    artefact: bytes of a fitted style (safetensors) for engines that fit, of a `.cube` file for
    the grade.
    """

    slug: str
    engine: str
    parameters: EngineParameters
    references: tuple[Tensor, ...] = ()
    artefact: bytes | None = None


class PreparedStyle:
    """Whatever an engine computes once per style; each engine subclasses it."""


def _ignore_progress(done: int, total: int) -> None:
    return None


def _never() -> bool:
    return False


def _no_checkpoint() -> bytes | None:
    return None


def _drop_checkpoint(data: bytes) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class RenderContext:
    """What the caller offers an engine during one render.

    mask: product mask (1, H, W) float32 in [0, 1], or None.
    device: torch device string; None lets the engine choose (CUDA, else CPU).
    statistics: provider of normalisation statistics, for engines that have norm layers.
    report: called with (done, total) steps.
    cancelled: asked between steps; the engine then raises RenderCancelled.
    load_checkpoint, save_checkpoint: where a long render may leave its state; the caller owns
    the bytes and hands back only those saved for the same picture and recipe.
    """

    mask: Tensor | None = None
    device: str | None = None
    statistics: Any = None
    report: Callable[[int, int], None] = field(default=_ignore_progress)
    cancelled: Callable[[], bool] = field(default=_never)
    load_checkpoint: Callable[[], bytes | None] = field(default=_no_checkpoint)
    save_checkpoint: Callable[[bytes], None] = field(default=_drop_checkpoint)


class Engine(ABC):
    """Renders a picture in a style. Touches no Django, no files, no globals."""

    name: ClassVar[str]

    fits_styles: ClassVar[bool] = False
    """Can it learn a style from reference pictures?"""

    tiles_exactly: ClassVar[bool] = False
    """Is tiled output equal to untiled output?"""

    keeps_geometry: ClassVar[bool] = True
    """Does every pixel stay in its place?"""

    linear_in_strength: ClassVar[bool] = False
    """Is strength s equal to the input plus s times the full change?"""

    @abstractmethod
    def prepare(self, style: StyleSpec) -> PreparedStyle:
        """Compute what belongs to the style alone. Raises EngineParameterError or
        StyleReferenceError when the style cannot be used."""

    @abstractmethod
    def stylise(
        self,
        image: Tensor,
        style: PreparedStyle,
        strength: float | Tensor,
        context: RenderContext,
    ) -> Tensor:
        """Return the styled picture.

        image: (3, H, W) float32 sRGB in [0, 1]. strength: in [0, 1], a number or a map (1, H, W).
        Returns the same shape, range and type. Strength 0 returns the input bit for bit.
        Raises RenderCancelled when `context.cancelled()` turns true.
        """

    def describe(self, style: PreparedStyle) -> str:
        """What it worked with that its parameters leave open; kept on the variant's row."""
        return ""
