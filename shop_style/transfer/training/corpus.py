"""The pictures a network is trained on: decoded once, cropped by a rule of seed and step."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shop_style.exceptions import ShopStyleError

Picture = npt.NDArray[np.uint8]
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
SHIPPABLE_PREFIXES = ("pd_", "fabric_", "tex_")
HELD_OUT_STEP = 1_000_000_000


class CorpusError(ShopStyleError, ValueError):
    """The folders given hold no picture to train on."""

    code = "bad_corpus"


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Decoded pictures, (H, W, 3) uint8 sRGB, split into those trained on and those held out."""

    content: list[Picture]
    styles: list[Picture]
    held_out_content: list[Picture]
    held_out_styles: list[Picture]

    def batch(
        self,
        *,
        seed: int,
        step: int,
        size: int,
        crop: int,
        drafts: Sequence[Picture] = (),
        drafts_share: float = 0.5,
    ) -> Tensor:
        """Crops of this step, (size, 3, crop, crop) float32 in [0, 1], half photos, half styles.

        With drafts, this share of the crops is of those, unaltered. A pure function of its
        arguments: that is what makes a resumed run equal an uninterrupted one.
        """
        rng = np.random.default_rng([seed, step])
        crops = []
        for index in range(size):
            if drafts and rng.random() < drafts_share:
                crops.append(_crop(rng, drafts[int(rng.integers(len(drafts)))], crop))
                continue
            first, other = self.content, self.styles
            if index % 2:
                first, other = other, first
            picture = _crop(rng, _pick(rng, first), crop)
            if rng.random() < 0.25:
                share = np.float32(rng.uniform(0.2, 0.8))
                picture = share * picture + (1 - share) * _crop(rng, _pick(rng, other), crop)
            crops.append(_augment(rng, picture))
        return _tensor(crops)

    @staticmethod
    def crop(
        rng: np.random.Generator, pictures: Sequence[Picture], side: int
    ) -> npt.NDArray[np.float32]:
        """A square of one of the pictures, (side, side, 3) float32 in [0, 1]."""
        return _crop(rng, _pick(rng, pictures), side)

    def held_out_batch(self, *, index: int, size: int, crop: int) -> Tensor:
        """Crops of pictures never trained on, unaltered; the same for every run."""
        rng = np.random.default_rng([0, HELD_OUT_STEP + index])
        sources = (self.held_out_content, self.held_out_styles)
        return _tensor([_crop(rng, _pick(rng, sources[i % 2]), crop) for i in range(size)])


def load_corpus(
    content_folders: Sequence[Path],
    style_folders: Sequence[Path],
    *,
    prefixes: Sequence[str] = SHIPPABLE_PREFIXES,
    content_side: int = 288,
    style_side: int = 512,
) -> Corpus:
    """Decode every picture once, reduced to the given short sides.

    Of style pictures only those whose name starts with one of `prefixes` are taken (an empty
    list takes all). About one content picture in 40 and one style in 8, chosen by the hash of
    its name, is held out. Raises CorpusError when a folder yields nothing.
    """
    content = _decode_all(content_folders, (), content_side, 40)
    styles = _decode_all(style_folders, prefixes, style_side, 8)
    return Corpus(
        content=content[0],
        styles=styles[0],
        held_out_content=content[1],
        held_out_styles=styles[1],
    )


def _decode_all(
    folders: Sequence[Path], prefixes: Sequence[str], side: int, every: int
) -> tuple[list[Picture], list[Picture]]:
    files = sorted(
        (
            file
            for folder in folders
            for file in folder.rglob("*")
            if file.suffix.lower() in SUFFIXES and file.name.startswith(tuple(prefixes) or ("",))
        ),
        key=lambda file: file.name,
    )
    kept: list[Picture] = []
    held_out: list[Picture] = []
    for file in files:
        picture = _decode(file, side)
        if picture is None:
            continue
        number = int.from_bytes(hashlib.sha256(file.name.encode()).digest()[:4], "big")
        (held_out if number % every == 0 else kept).append(picture)
    if not kept:
        names = ", ".join(map(str, folders)) or "no folder"
        raise CorpusError(f"{names}: no picture found ({', '.join(sorted(SUFFIXES))})")
    return kept, held_out or kept[-1:]


def _decode(file: Path, side: int) -> Picture | None:
    data = np.frombuffer(file.read_bytes(), np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if decoded is None or min(decoded.shape[:2]) < 32:
        return None
    scale = side / min(decoded.shape[:2])
    if scale < 1:
        decoded = cv2.resize(decoded, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(decoded[:, :, ::-1]).astype(np.uint8, copy=False)


def _pick(rng: np.random.Generator, pictures: Sequence[Picture]) -> Picture:
    return pictures[int(rng.integers(len(pictures)))]


def _crop(rng: np.random.Generator, picture: Picture, side: int) -> npt.NDArray[np.float32]:
    height, width = picture.shape[:2]
    short = min(height, width)
    # Log-uniform between a native crop and the whole short side: texture and composition.
    taken = round(float(np.exp(rng.uniform(np.log(min(side, short)), np.log(short)))))
    top = int(rng.integers(height - taken + 1))
    left = int(rng.integers(width - taken + 1))
    part = picture[top : top + taken, left : left + taken]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    method = cv2.INTER_AREA if taken > side else cv2.INTER_LINEAR
    resized = cv2.resize(np.ascontiguousarray(part), (side, side), interpolation=method)
    return resized.astype(np.float32) / np.float32(255)


def _augment(rng: np.random.Generator, picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    if rng.random() < 0.3:
        picture = picture * rng.uniform(0.6, 1.3, 3).astype(np.float32)
    if rng.random() < 0.3:
        # An optimised picture passes through grain that no photo has.
        sigma = np.float32(rng.uniform(0.01, 0.12))
        picture = picture + sigma * rng.standard_normal(picture.shape, np.float32)
    return np.clip(picture, 0, 1)


def _tensor(crops: Sequence[npt.NDArray[np.float32]]) -> Tensor:
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)
