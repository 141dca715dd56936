"""Files that `quality` keeps between runs, so that what costs minutes is done once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from tests.benchmarks.pictures import ROOT

FOLDER: Final = ROOT / "var" / "benchmarks"
WEIGHTS: Final = ROOT / "shop_style" / "transfer" / "weights"


class Vault:
    """Bytes and pictures below one folder, by what they were made from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def data(self, kind: str, parts: tuple[object, ...], make: Callable[[], bytes]) -> bytes:
        """The bytes made from these parts, made now where there are none yet."""
        path = self._path(kind, parts, ".safetensors")
        if not path.exists():
            _write(path, make())
        return path.read_bytes()

    def picture(self, kind: str, parts: tuple[object, ...], make: Callable[[], Tensor]) -> Tensor:
        """The picture (3, H, W) made from these parts, kept as 8-bit PNG."""
        path = self._path(kind, parts, ".png")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            as_image(make()).save(path)
        rgb = np.array(Image.open(path).convert("RGB"), np.float32) / 255
        return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))

    def _path(self, kind: str, parts: tuple[object, ...], suffix: str) -> Path:
        key = hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
        return self._folder / kind / f"{key}{suffix}"


@cache
def network_sha256() -> str:
    """Of the network's shipped weights, whatever files they are in; "" without any."""
    files = sorted(WEIGHTS.glob("network*.safetensors"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest() if files else ""


def picture_sha256(picture: Tensor) -> str:
    """Of the pixels, as 8 bit."""
    return hashlib.sha256(as_image(picture).tobytes()).hexdigest()


def as_image(picture: Tensor) -> Image.Image:
    """(3, H, W) in [0, 1] as an 8-bit picture."""
    rgb = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0)
    return Image.fromarray(np.ascontiguousarray(rgb.numpy()))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # An interrupted write must not be taken for a finished one.
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(data)
    unfinished.replace(path)
