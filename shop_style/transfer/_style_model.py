"""The shipped network, loaded once per process and device, and one style of it made ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Final, Protocol
from weakref import WeakKeyDictionary

import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor

from shop_style.exceptions import WeightsMismatch
from shop_style.transfer._objective import LUMA
from shop_style.transfer._padding import Padder, Scratch
from shop_style.transfer._palette import Moments
from shop_style.transfer._style_network import (
    LAYERS,
    STRIDE,
    Entered,
    Layer,
    StyleNetwork,
    entering,
    frozen_layer,
    half_features,
    head_change,
    head_kernel,
    pooling_layer,
)
from shop_style.transfer._toning import CATALOGUE, Canvas, painted_ground, pooled_colours, toning
from shop_style.transfer.built_in import built_in_styles
from shop_style.transfer.descriptor import StyleDescriptor
from shop_style.transfer.device import best_device, compute_dtype
from shop_style.transfer.statistics import Recorder, Sample, Statistics
from shop_style.transfer.style_code import StyleCode
from shop_style.transfer.weights import weight_file
from styleeval.sentence import said

STYLES_PREFIX: Final = "styles."


class Change(Protocol):
    """Δ of a picture."""

    def __call__(self, picture: Tensor, origin: tuple[int, int] = (0, 0)) -> Tensor:
        """picture: (1, 3, H, W) float32, H and W multiples of STRIDE. origin: row and column of
        its first pixel in the whole picture, multiples of STRIDE. Returns float32."""
        ...


@dataclass(frozen=True, kw_only=True)
class Gains:
    """How much of a change's luma (BT.601) and of its chroma is taken."""

    luma: float = 1.0
    chroma: float = 1.0

    def matrix(self) -> Tensor:
        """(3, 3) on a change of R, G, B."""
        grey = torch.ones(3, 1) @ torch.tensor([LUMA])
        return self.luma * grey + self.chroma * (torch.eye(3) - grey)


@dataclass(frozen=True, kw_only=True)
class Head:
    """A style's last convolution as it runs: kernel (12, HALF_CHANNELS + 12, 3, 3), bias (3,)."""

    kernel: Tensor
    bias: Tensor


class StyleModel:
    """The network's kernels in the format they run in, and the built-in styles."""

    def __init__(
        self,
        network: StyleNetwork,
        codes: Mapping[str, StyleCode],
        descriptors: Mapping[str, StyleDescriptor] | None = None,
        *,
        device: str,
        dtype: torch.dtype,
        weights_sha256: str = "",
    ) -> None:
        self.network = network.eval().requires_grad_(False)
        self.codes = dict(codes)
        self.descriptors = dict(descriptors or {})
        self.device = device
        self.dtype = dtype
        self.weights_sha256 = weights_sha256
        self._heads: WeakKeyDictionary[StyleCode, dict[Gains, Head]] = WeakKeyDictionary()
        self._kept_tonings: WeakKeyDictionary[StyleCode, Tensor] = WeakKeyDictionary()
        self._kernels: dict[str, tuple[Tensor, Tensor | None]] = {}
        for name in LAYERS:
            bias = network.bias(name)
            self._kernels[name] = (
                network.kernel(name)
                .detach()
                .to(device, dtype)
                .contiguous(memory_format=torch.channels_last),
                None if bias is None else bias.detach().to(device, dtype),
            )

    def statistics(
        self,
        code: StyleCode,
        strength: float,
        samples: Sequence[Sample],
        *,
        keep_ground: bool = False,
    ) -> Statistics:
        """Measure a style's statistics at a strength, pooled over samples of any size.

        keep_ground: white stays light and flat, by colours of shop photos in general, instead of
        the samples' own.
        """
        pictures, weights = self._padded(samples)
        recorder = Recorder(weights)
        source = CATALOGUE if keep_ground else pooled_colours(pictures, weights)
        canvas = self._canvas(code, strength, source)
        entered = [self._entered(picture, canvas.tone(picture), canvas) for picture in pictures]
        half_features(self._pooling(code, strength, recorder, Scratch()), entered)
        return Statistics(layers=recorder.found, colours=source)

    def frozen_change(
        self,
        code: StyleCode,
        strength: float,
        statistics: Statistics,
        gains: Gains,
    ) -> Change:
        """Δ as a function of the surroundings of each pixel alone."""
        scale, shift = (item.to(self.device) for item in code.at(strength))
        pad = Scratch()
        layer = frozen_layer(self._kernels, scale, shift, statistics.layers, pad)
        canvas = self._canvas(code, strength, statistics.colours)
        return self._change(layer, canvas, code, gains, pad)

    def own_change(
        self, code: StyleCode, strength: float, gains: Gains, *, keep_ground: bool = False
    ) -> Change:
        """Δ normalised by the statistics of the very picture, measured in the same pass."""

        def change(picture: Tensor, origin: tuple[int, int] = (0, 0)) -> Tensor:
            pad = Scratch()
            layer = self._pooling(code, strength, Recorder([None]), pad)
            source = CATALOGUE if keep_ground else pooled_colours([picture], [None])
            canvas = self._canvas(code, strength, source)
            return self._change(layer, canvas, code, gains, pad)(picture, origin)

        return change

    def _pooling(self, code: StyleCode, strength: float, recorder: Recorder, pad: Padder) -> Layer:
        scale, shift = (item.to(self.device) for item in code.at(strength))
        return pooling_layer(self._kernels, scale, shift, recorder, pad)

    def _entered(
        self, picture: Tensor, tone: Tensor, canvas: Canvas, origin: tuple[int, int] = (0, 0)
    ) -> Entered:
        toned = canvas.toned(picture, tone)
        return entering(toned, canvas.opened(picture), self.dtype, origin)

    def _canvas(self, code: StyleCode, strength: float, source: Moments) -> Canvas:
        if source is not CATALOGUE:
            ground = painted_ground(source, strength)
            return Canvas(extra=toning(source, code.colours), strength=strength, ground=ground)
        # The same for every picture of a style: made once.
        if code not in self._kept_tonings:
            self._kept_tonings[code] = toning(source, code.colours)
        return Canvas(extra=self._kept_tonings[code], strength=strength)

    def _padded(self, samples: Sequence[Sample]) -> tuple[list[Tensor], list[Tensor | None]]:
        pictures = [padded(item.image[None].to(self.device), STRIDE) for item in samples]
        weights = [
            None if item.weight is None else padded(item.weight[None].to(self.device), STRIDE)
            for item in samples
        ]
        return pictures, weights

    def _change(
        self,
        layer: Layer,
        canvas: Canvas,
        code: StyleCode,
        gains: Gains,
        pad: Padder,
    ) -> Change:
        head = self._head(code, gains)
        gain = gains.matrix().to(self.device) * canvas.tone_share

        def change(picture: Tensor, origin: tuple[int, int] = (0, 0)) -> Tensor:
            tone = canvas.tone(picture)
            entered = self._entered(picture, tone, canvas, origin)
            half = half_features(layer, [entered])[0]
            made = head_change(half, entered.pixels, head.kernel, head.bias, pad)
            # In float32: too fine for the head's format.
            return made.add_((gain @ tone.flatten(2)).view_as(made))

        return change

    def _head(self, code: StyleCode, gains: Gains) -> Head:
        """A style's last convolution, made once: it is the same for every picture."""
        made = self._heads.setdefault(code, {})
        if gains not in made:
            gain = gains.matrix()
            kernel = head_kernel(torch.einsum("ab,bihw->aihw", gain, code.head))
            bias = gain @ code.head_bias
            made[gains] = Head(
                kernel=kernel.to(self.device, self.dtype).contiguous(
                    memory_format=torch.channels_last
                ),
                bias=bias.to(self.device, self.dtype),
            )
        return made[gains]


def padded(picture: Tensor, multiple: int) -> Tensor:
    """(N, C, H, W) with its last row and column repeated up to a multiple."""
    below, right = (-picture.shape[-2]) % multiple, (-picture.shape[-1]) % multiple
    if not (below or right):
        return picture
    return torch.nn.functional.pad(picture, (0, right, 0, below), mode="replicate")


def load_style_model(device: str | None = None, dtype: torch.dtype | None = None) -> StyleModel:
    """The shipped network, loaded once per process, device and format.

    Raises WeightsError when its file is missing, WeightsMismatch when it is not the pinned one.
    """
    chosen = device or best_device()
    return _load(chosen, dtype or compute_dtype(chosen))


@cache
def _load(device: str, dtype: torch.dtype) -> StyleModel:
    file = weight_file("network")
    network, codes, descriptors = unpacked(load_safetensors(file.read()), file.file_name)
    return StyleModel(
        network, codes, descriptors, device=device, dtype=dtype, weights_sha256=file.sha256
    )


def unpacked(
    tensors: Mapping[str, Tensor], file_name: str
) -> tuple[StyleNetwork, dict[str, StyleCode], dict[str, StyleDescriptor]]:
    """Network, styles and their descriptions by slug; rows are in the listing's order."""
    network = StyleNetwork()
    shared = {k: v.float() for k, v in tensors.items() if not k.startswith(STYLES_PREFIX)}
    wanted = {k: tuple(v.shape) for k, v in network.state_dict().items()}
    if wanted != {k: tuple(v.shape) for k, v in shared.items()}:
        raise WeightsMismatch(
            said(
                "{file_name} does not fit this version; reinstall the package", file_name=file_name
            )
        )
    network.load_state_dict(shared)
    table = {
        k.removeprefix(STYLES_PREFIX): v.float()
        for k, v in tensors.items()
        if k.startswith(STYLES_PREFIX)
    }
    slugs = list(built_in_styles())
    if len(table["scale"]) != len(slugs):
        raise WeightsMismatch(
            said(
                "{file_name} holds {count} styles, the listing {count_2}; reinstall the package",
                file_name=file_name,
                count=len(table["scale"]),
                count_2=len(slugs),
            )
        )
    parts = [item.name for item in fields(StyleDescriptor)]
    codes, descriptors = {}, {}
    for row, slug in enumerate(slugs):
        own = {name: rows[row] for name, rows in table.items()}
        descriptors[slug] = StyleDescriptor(**{name: own.pop(name) for name in parts})
        codes[slug] = StyleCode.from_tensors(own | {"colours": descriptors[slug].colours})
    return network, codes, descriptors
