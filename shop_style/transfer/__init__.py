"""Style transfer without Django: engines by name, and `stylise` for notebooks. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shop_style.transfer.engine import Engine, PreparedStyle, RenderContext, StyleSpec
from shop_style.transfer.registry import EngineEntry, engine_entry, engines

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Engine",
    "EngineEntry",
    "PreparedStyle",
    "RenderContext",
    "StyleSpec",
    "engine_entry",
    "engines",
    "stylise",
]


def stylise(
    image: Tensor,
    *,
    engine: str = "grade",
    references: Sequence[Tensor] = (),
    strength: float | Tensor = 1.0,
    mask: Tensor | None = None,
    artefact: bytes | None = None,
    **parameters: Any,
) -> Tensor:
    """Render one picture in the style of its references.

    image and references: (3, H, W) float32 sRGB in [0, 1]. strength: in [0, 1], a number or a map
    (1, H, W). mask: the product, (1, H, W) in [0, 1]. artefact: bytes of a fitted style for
    engines that fit, of a `.cube` file for the grade. parameters: the engine's own.
    Returns the same shape and range as image.
    Raises UnknownEngine, EngineParameterError, StyleReferenceError or CubeError.
    """
    entry = engine_entry(engine)
    checked = entry.parameters.from_mapping(parameters)
    style = StyleSpec(
        slug=engine,
        engine=engine,
        parameters=checked,
        references=tuple(references),
        artefact=artefact,
    )
    renderer = entry.load()
    return renderer.stylise(image, renderer.prepare(style), strength, RenderContext(mask=mask))
