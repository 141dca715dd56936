"""Engine parameters as plain frozen dataclasses, checked without loading an engine or torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final, Literal, Self, get_args, get_origin, get_type_hints

from shop_style.exceptions import EngineParameterError
from shop_style.transfer.built_in import built_in_styles
from styleeval.sentence import said


def bounded(default: float, low: float, high: float, help_text: str) -> Any:
    """A numeric parameter with inclusive bounds and a sentence for the form."""
    return dataclasses.field(
        default=default, metadata={"low": low, "high": high, "help": help_text}
    )


def chosen(default: str, help_text: str) -> Any:
    """A parameter whose annotation is a Literal of the allowed words."""
    return dataclasses.field(default=default, metadata={"help": help_text})


def stepped(low: float, high: float, help_text: str) -> Any:
    """A step that is "auto", "off" or a number within inclusive bounds."""
    return dataclasses.field(
        default="auto", metadata={"low": low, "high": high, "stepped": True, "help": help_text}
    )


def built_in(help_text: str) -> Any:
    """The slug of a built-in style of the network, or nothing."""
    return dataclasses.field(default="", metadata={"built_in": True, "help": help_text})


Step = Literal["auto", "off"] | float
"""A step of a restoration: told from the picture, left out, or a number."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EngineParameters:
    """Base of every engine's parameters."""

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], *, style: str = "") -> Self:
        """Build from JSON-like values.

        Raises EngineParameterError naming the style and every value that does not fit.
        """
        hints = get_type_hints(cls)
        known = {item.name: item for item in dataclasses.fields(cls)}
        problems = [
            said("{name}: unknown; known are {known}", name=name, known=", ".join(known) or "none")
            for name in values
            if name not in known
        ]
        checked: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                continue
            try:
                checked[name] = _checked(value, hints[name], known[name].metadata)
            except ValueError as error:
                problems.append(f"{name}: {error}")
        if problems:
            where = f"style “{style}”: " if style else ""
            raise EngineParameterError(where + "; ".join(problems))
        return cls(**checked)

    def as_dict(self) -> dict[str, Any]:
        """Every value by name, defaults included."""
        return dataclasses.asdict(self)

    @classmethod
    def describe(cls) -> list[str]:
        """One line a parameter: name, default, bounds or choices, help."""
        hints = get_type_hints(cls)
        lines = []
        for item in dataclasses.fields(cls):
            span = ""
            if item.metadata.get("stepped"):
                span = f", off | {item.metadata['low']}–{item.metadata['high']}"
            elif "low" in item.metadata:
                span = f", {item.metadata['low']}–{item.metadata['high']}"
            elif item.metadata.get("built_in"):
                span = ", " + " | ".join(built_in_styles())
            elif get_origin(hints[item.name]) is Literal:
                span = ", " + " | ".join(map(str, get_args(hints[item.name])))
            lines.append(
                said(
                    "{item} (default {default}{span}): {meaning}",
                    item=item.name,
                    default=item.default,
                    span=span,
                    meaning=item.metadata.get("help", ""),
                )
            )
        return lines


def _checked(value: Any, kind: Any, metadata: Mapping[str, Any]) -> Any:
    if metadata.get("stepped"):
        if value in ("auto", "off"):
            return value
        if isinstance(value, str):
            raise ValueError(
                said("{value!r} is neither a number nor one of 'auto', 'off'", value=value)
            )
        kind = float
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(
                said(
                    "{value!r} is not one of {choices}",
                    value=value,
                    choices=", ".join(map(repr, get_args(kind))),
                )
            )
        return value
    if metadata.get("built_in"):
        if value and value not in built_in_styles():
            raise ValueError(
                said(
                    "{value!r} is not one of {choices}",
                    value=value,
                    choices=", ".join(built_in_styles()),
                )
            )
        return str(value)
    if kind is bool:
        if not isinstance(value, bool):
            raise ValueError(said("{value!r} is not true or false", value=value))
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(said("{value!r} is not a number", value=value))
    if kind is int and float(value) != int(value):
        raise ValueError(said("{value!r} is not a whole number", value=value))
    number = kind(value)
    low, high = metadata.get("low"), metadata.get("high")
    # Written so that NaN fails too.
    if low is not None and high is not None and not (low <= number <= high):
        raise ValueError(
            said("{value!r} is not between {low} and {high}", value=value, low=low, high=high)
        )
    return number


@dataclasses.dataclass(frozen=True, kw_only=True)
class GradeParameters(EngineParameters):
    """Colour grade towards the reference's colour statistics, or by a `.cube` file."""

    lightness: float = bounded(
        0.4, 0.0, 1.0, "how much of the reference's or the file's lightness is taken"
    )
    chroma: float = bounded(
        0.7, 0.0, 1.0, "how much of the reference's or the file's colour is taken"
    )
    keep_neutrals: float = bounded(
        0.5, 0.0, 1.0, "how much whites, blacks and greys are kept from taking a tint"
    )


AS_AUTHORED: Final = {"lightness": 1.0, "chroma": 1.0, "keep_neutrals": 0.0}
"""GradeParameters that take the whole of a look, as a `.cube` file's author meant it."""

GRADE_REFERENCES: Final = 5
"""More looks than this average to none."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimiseParameters(EngineParameters):
    """Gatys optimisation of the pixels themselves."""

    working_side: int = bounded(
        512, 64, 2048, "short side the optimisation works at; its change is upsampled"
    )
    steps: int = bounded(120, 1, 2000, "optimiser steps over all scales")
    optimiser: Literal["adam", "lbfgs"] = chosen("lbfgs", "lbfgs paints strokes; adam is rougher")
    scales: int = bounded(3, 1, 4, "coarse-to-fine levels, each √2… to 2 times the one before")
    style_weight: float = bounded(100.0, 0.0, 1000.0, "weight of the Gram losses")
    content_weight: float = bounded(4.0, 0.0, 1000.0, "weight of the content loss")
    light_weight: float = bounded(
        30.0, 0.0, 1000.0, "weight of keeping light areas light and dark areas dark"
    )
    variation_weight: float = bounded(0.05, 0.0, 100.0, "weight of total variation")
    background_share: float = bounded(
        1.0, 0.0, 1.0, "how much the background counts beside the product where a mask is known"
    )
    palette: float = bounded(
        1.0, 0.0, 1.0, "how far the start is moved to the reference's colours before strokes"
    )
    grain: float = bounded(
        0.0, 0.0, 0.2, "noise the start is given, so that flat areas can take strokes"
    )
    keep_colour: float = bounded(
        0.0, 0.0, 1.0, "1 keeps the product's own chroma and takes only strokes and light"
    )
    trunk: Literal["auto", "vgg16", "distilled"] = chosen(
        "auto", "auto takes VGG16 where its weights are present, else our distilled trunk"
    )
    checkpoint_every: int = bounded(20, 1, 1000, "steps between checkpoints")
    seed: int = bounded(0, 0, 2**31 - 1, "seed of anything random")


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkParameters(EngineParameters):
    """Our feed-forward network in a built-in or a fitted style."""

    style: str = built_in("a built-in style; empty takes the style fitted on the references")
    second_style: str = built_in("a built-in style to mix in; empty mixes none")
    second_share: float = bounded(0.5, 0.0, 1.0, "share of the style that is mixed in")
    working_side: int = bounded(
        512,
        0,
        8192,
        "short side, about, that strokes are painted at: half of it doubles their size on the "
        "picture; 0 paints at the picture's own size",
    )
    luma_gain: float = bounded(1.0, 0.0, 2.0, "how much of the style's change of light is taken")
    chroma_gain: float = bounded(
        1.0, 0.0, 2.0, "how much of its change of colour is taken; 0 keeps the product's colours"
    )
    product_share: float = bounded(1.0, 0.0, 1.0, "strength on the product, where a mask is known")
    background_share: float = bounded(
        1.0, 0.0, 1.0, "strength on the background, where a mask is known"
    )
    statistics: Literal["thumbnail", "image", "product", "gallery"] = chosen(
        "thumbnail",
        "what normalisation is measured on: the picture reduced or at full size, its product "
        "alone, or the same sample of pictures for the whole catalogue",
    )
    ground: Literal["auto", "keep", "paint"] = chosen(
        "auto",
        "keep leaves white light and flat, in colours that are the same for every picture; paint "
        "gives it the style's middle tone, and above strength 0.5 its strokes; auto keeps it where "
        "a mask is known or a whole gallery is normalised alike",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class FabricParameters(EngineParameters):
    """A fabric laid over the product under the product's own light."""

    scale: float = bounded(
        0.4,
        0.02,
        4.0,
        "how wide the reference picture's short side lies on the product, of the root of the area "
        "covered: smaller gives finer threads, whatever the picture's resolution",
    )
    rotation: float = bounded(0.0, -180.0, 180.0, "turn of the fabric in degrees, anticlockwise")
    shading: float = bounded(1.0, 0.0, 1.5, "how much of the product's light and shade is kept")
    detail: float = bounded(
        1.0, 0.0, 1.5, "how much of its seams, creases and weave is kept; prints never are"
    )
    warp: float = bounded(0.5, 0.0, 2.0, "how far folds bend the pattern")
    region: Literal["product", "largest colour"] = chosen(
        "largest colour",
        "largest colour covers what has the product's commonest colour: the cloth of a chair and "
        "not its legs, a shirt and neither its print nor who wears it; product covers everything",
    )
    method: Literal["quilt", "tile"] = chosen(
        "quilt", "quilt makes a large piece of a small one; tile repeats a picture made to repeat"
    )
    patch: float = bounded(
        0.33, 0.1, 0.6, "side of the patches quilted, of the reference's short side: one motif"
    )
    trim: float = bounded(
        0.0, 0.0, 0.4, "share of the reference left out along each edge: hems, hands, ground"
    )
    flatten: float = bounded(
        1.0, 0.0, 1.0, "how much of the light the reference was photographed in is evened out"
    )
    seed: int = bounded(0, 0, 2**31 - 1, "of the quilting and of where the pattern starts")


@dataclasses.dataclass(frozen=True, kw_only=True)
class RestoreParameters(EngineParameters):
    """What is wrong with a picture; auto finds out, and leaves a sound picture alone."""

    blocks: Step = stepped(10, 95, "the JPEG quality it was once saved at, whose blocks go")
    noise: Step = stepped(0, 50, "deviation of the grain, in levels of 255")
    blur: Step = stepped(0, 3, "width of its edges, as a Gaussian's deviation in pixels")
    cast: Step = stepped(0, 1, "how much of the light's colour is taken out; auto takes all")
    contrast: Step = stepped(0, 0.25, "share of the range that is empty at either end")
