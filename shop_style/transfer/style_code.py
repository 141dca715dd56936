"""A style as the network sees it: the conditional parameters, a few thousand numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from shop_style.exceptions import StyleArtefactError
from styleeval.sentence import said

# Layers whose output is normalised and then scaled and shifted by the style, with channels.
BLOCKS: Final = ("first", "second", "third", "fourth")
QUARTER_CHANNELS: Final = 64
HALF_CHANNELS: Final = 32
NORMS: Final = {
    **{f"{block}_{part}": QUARTER_CHANNELS for block in BLOCKS for part in ("in", "out")},
    "enlarge": HALF_CHANNELS,
    "refine": HALF_CHANNELS,
}
NORM_CHANNELS: Final = sum(NORMS.values())
HEAD_INPUTS: Final = HALF_CHANNELS + 3
_SHAPES: Final = {
    "scale": (2, NORM_CHANNELS),
    "shift": (2, NORM_CHANNELS),
    "head": (3, HEAD_INPUTS, 3, 3),
    "head_bias": (3,),
    "colours": (3, 4),
}


_NETWORK: Final = "network_sha256"


@dataclass(frozen=True, kw_only=True, eq=False)
class StyleCode:
    """Conditional parameters of one style, float32.

    scale, shift: (2, NORM_CHANNELS): the value at strength 1, and what each unit of strength
    below 1 adds to it. head: (3, HEAD_INPUTS, 3, 3), head_bias: (3,): the last convolution.
    colours: (3, 4), [covariance | mean] of the references' pixels, sRGB in [0, 1].
    """

    scale: Tensor
    shift: Tensor
    head: Tensor
    head_bias: Tensor
    colours: Tensor

    def __post_init__(self) -> None:
        for name, shape in _SHAPES.items():
            value: Tensor = getattr(self, name)
            if tuple(value.shape) != shape or not bool(torch.isfinite(value).all()):
                raise StyleArtefactError(
                    said(
                        "{name} of a style is {found}, not {shape}, or not finite; fit the style "
                        "again with this version",
                        name=name,
                        found=tuple(value.shape),
                        shape=shape,
                    )
                )

    def at(self, strength: float) -> tuple[Tensor, Tensor]:
        """Scale and shift (NORM_CHANNELS,) at a strength in [0, 1]."""
        below = 1.0 - strength
        return self.scale[0] + below * self.scale[1], self.shift[0] + below * self.shift[1]

    def tensors(self) -> dict[str, Tensor]:
        """Every part by name."""
        return {name: getattr(self, name) for name in _SHAPES}

    def to_bytes(self, network: str, metadata: Mapping[str, str] | None = None) -> bytes:
        """As safetensors in float16: the artefact of a fitted style, about 7 KB.

        network: SHA-256 of the weights it was fitted on, the only ones it means anything to.
        """
        halves = {name: value.half().contiguous() for name, value in self.tensors().items()}
        data: bytes = save(halves, metadata={**(metadata or {}), _NETWORK: network})
        return data

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> StyleCode:
        """From parts in any float format. Raises StyleArtefactError."""
        missing = sorted(_SHAPES.keys() - tensors.keys())
        if missing:
            raise StyleArtefactError(
                said(
                    "a style lacks {missing}; fit the style again with this version",
                    missing=", ".join(missing),
                )
            )
        return cls(**{name: tensors[name].float() for name in _SHAPES})

    @classmethod
    def from_bytes(cls, data: bytes, network: str) -> StyleCode:
        """From an artefact fitted on the weights of this SHA-256. Raises StyleArtefactError."""
        try:
            tensors = load(data)
        except SafetensorError as error:
            raise StyleArtefactError(
                said(
                    "the fitted parameters are no safetensors file ({why}); fit the style again",
                    why=error,
                )
            ) from error
        fitted_on = _metadata(data).get(_NETWORK, "")
        if fitted_on != network:
            raise StyleArtefactError(
                said(
                    "the style was fitted on other weights of the network ({fitted_on}, these are "
                    "{network}); fit the style again",
                    fitted_on=fitted_on[:8] or "unnamed",
                    network=network[:8],
                )
            )
        return cls.from_tensors(tensors)


def _metadata(data: bytes) -> dict[str, str]:
    """What a safetensors file says of itself, which its loader from bytes leaves out."""
    length = int.from_bytes(data[:8], "little")
    found: dict[str, str] = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    return found


def mixed(codes: Sequence[StyleCode], shares: Sequence[float]) -> StyleCode:
    """Weighted mean of styles; shares are not negative and sum to 1.

    Source: Dumoulin, Shlens & Kudlur, "A Learned Representation For Artistic Style", ICLR 2017,
    §3.3: the parameters of styles mix linearly.
    """
    parts = {
        name: torch.stack(
            [share * code.tensors()[name] for code, share in zip(codes, shares, strict=True)]
        ).sum(0)
        for name in _SHAPES
    }
    return StyleCode(**parts)
