"""Photos and styles of a run: decoded once, cropped by a rule of seed and step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shop_style.transfer.built_in import BuiltInStyle
from shop_style.transfer.training.decoded import decoded_split
from shop_style.transfer.training.pictures import CorpusError, Picture, crop_of, decode_file

CONTENT_SIDE: Final = 288
STYLE_SIDE: Final = 512
HELD_OUT_EVERY: Final = 40
_WHITE: Final = 0.94
_CLOSEST: Final = 0.6


@dataclass(frozen=True, kw_only=True)
class TrainingStyle:
    """One style to learn. grams are taken of `references`, each (3, H, W) in [0, 1]."""

    entry: BuiltInStyle
    references: tuple[Tensor, ...]


@dataclass(kw_only=True)
class Photos:
    """Decoded photos, (H, W, 3) uint8 sRGB, and which of them stand on white."""

    shown: Sequence[Picture]
    held_out: Sequence[Picture]
    white: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.white = [n for n, picture in enumerate(self.shown) if _stands_on_white(picture)]

    def batch(self, *, seed: int, step: int, size: int, crop: int) -> Tensor:
        """Crops of this step (size, 3, crop, crop) float32; the first stands on white.

        A pure function of its arguments: that is what makes a resumed run equal an uninterrupted
        one.
        """
        rng = np.random.default_rng([seed, step])
        crops = []
        for index in range(size):
            if index == 0 and self.white:
                picture = self.shown[self.white[int(rng.integers(len(self.white)))]]
            else:
                picture = self.shown[int(rng.integers(len(self.shown)))]
            crops.append(_augmented(rng, crop_of(rng, picture, crop, closest=_CLOSEST)))
        return _tensor(crops)

    def held_out_batch(self, *, index: int, size: int, crop: int) -> Tensor:
        """Crops of photos never trained on, unaltered; the same for every run."""
        rng = np.random.default_rng([1, index])
        chosen = [self.held_out[int(rng.integers(len(self.held_out)))] for _ in range(size)]
        return _tensor([crop_of(rng, picture, crop) for picture in chosen])


def load_photos(folders: Sequence[Path], cache: Path | None = None) -> Photos:
    """Photos reduced to CONTENT_SIDE; one in HELD_OUT_EVERY, by the hash of its name, held out.

    cache: folder that keeps the decoded pixels for the next start. Raises CorpusError.
    """
    shown, held_out = decoded_split(
        folders, (), side=CONTENT_SIDE, every=HELD_OUT_EVERY, cache=cache
    )
    return Photos(shown=shown, held_out=held_out)


def load_styles(listing: Path, folders: Sequence[Path]) -> list[TrainingStyle]:
    """Styles of a JSON listing: slug, name, reference, licence, source, and file or files.

    Files are looked for in the folders. Raises CorpusError naming the file that is missing.
    """
    try:
        entries = json.loads(listing.read_text(encoding="utf-8"))
        return [_style(dict(entry), folders) for entry in entries]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CorpusError(f"the listing of styles {listing} cannot be used: {error}") from error


def _style(entry: dict[str, str], folders: Sequence[Path]) -> TrainingStyle:
    names = str(entry.pop("file")).split()
    references = []
    for name in names:
        found = [folder / name for folder in folders if (folder / name).is_file()]
        if not found:
            raise CorpusError(f"style {entry['slug']}: {name} is in none of the folders given")
        picture = decode_file(found[0], STYLE_SIDE)
        if picture is None:
            raise CorpusError(f"style {entry['slug']}: {found[0]} is no picture")
        references.append(_tensor([picture.astype(np.float32) / np.float32(255)])[0])
    return TrainingStyle(entry=BuiltInStyle(**entry), references=tuple(references))


def _stands_on_white(picture: Picture) -> bool:
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    return bool(np.mean(border.min(1) >= 255 * _WHITE) > 0.8)


def _augmented(
    rng: np.random.Generator, picture: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    if rng.random() < 0.2:
        gain = rng.uniform(0.7, 1.2) * rng.uniform(0.9, 1.1, 3)
        picture = picture * gain.astype(np.float32)
    if rng.random() < 0.2:
        sigma = np.float32(rng.uniform(0.005, 0.03))
        picture = picture + sigma * rng.standard_normal(picture.shape, np.float32)
    return np.clip(picture, 0, 1)


def _tensor(pictures: Sequence[npt.NDArray[np.float32]]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
