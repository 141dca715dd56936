"""The pictures a network is trained on: decoded once, cropped by a rule of seed and step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shop_style.transfer.training.decoded import decoded_split
from shop_style.transfer.training.pictures import Picture, crop_of

SHIPPABLE_PREFIXES = ("pd_", "fabric_", "tex_")
HELD_OUT_STEP = 1_000_000_000


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
                crops.append(crop_of(rng, drafts[int(rng.integers(len(drafts)))], crop))
                continue
            first, other = self.content, self.styles
            if index % 2:
                first, other = other, first
            picture = crop_of(rng, _pick(rng, first), crop)
            if rng.random() < 0.25:
                share = np.float32(rng.uniform(0.2, 0.8))
                picture = share * picture + (1 - share) * crop_of(rng, _pick(rng, other), crop)
            crops.append(_augment(rng, picture))
        return _tensor(crops)

    @staticmethod
    def crop(
        rng: np.random.Generator, pictures: Sequence[Picture], side: int
    ) -> npt.NDArray[np.float32]:
        """A square of one of the pictures, (side, side, 3) float32 in [0, 1]."""
        return crop_of(rng, _pick(rng, pictures), side)

    def held_out_batch(self, *, index: int, size: int, crop: int) -> Tensor:
        """Crops of pictures never trained on, unaltered; the same for every run."""
        rng = np.random.default_rng([0, HELD_OUT_STEP + index])
        sources = (self.held_out_content, self.held_out_styles)
        return _tensor([crop_of(rng, _pick(rng, sources[i % 2]), crop) for i in range(size)])


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
    content = decoded_split(content_folders, (), side=content_side, every=40)
    styles = decoded_split(style_folders, prefixes, side=style_side, every=8)
    return Corpus(
        content=content[0],
        styles=styles[0],
        held_out_content=content[1],
        held_out_styles=styles[1],
    )


def _pick(rng: np.random.Generator, pictures: Sequence[Picture]) -> Picture:
    return pictures[int(rng.integers(len(pictures)))]


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
