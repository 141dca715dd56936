"""Products and style references of `quality`: our renders always, real ones where they are."""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from shop_style.imaging.intake import Photo, decode
from shop_style.imaging.mask import find_mask
from tests.benchmarks.judge import scaled

ROOT: Final = Path(__file__).resolve().parents[2]
SHARED: Final = ROOT.parent / "shared" / "data"
SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp"}
CANDIDATES: Final = 4
"""Pictures of a shop looked at for each one taken, to even out backgrounds."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Product:
    """A product picture on white.

    picture: (3, H, W) float32 sRGB in [0, 1]. mask: (H, W) in [0, 1], where the product is.
    ours: did we render it, so that pictures made from it may be shown?
    """

    slug: str
    shop: str
    background: str
    ours: bool
    picture: Tensor
    mask: Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Style:
    """A style reference at the size of its file, and the SHA-256 of that file."""

    slug: str
    ours: bool
    picture: Tensor
    sha256: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """One product to be shown in one style."""

    product: Product
    style: Style

    @property
    def name(self) -> str:
        """Both slugs."""
        return f"{self.product.slug} × {self.style.slug}"

    @property
    def ours(self) -> bool:
        """May pictures of it be shown?"""
        return self.product.ours and self.style.ours


def catalogue(side: int, limit: int | None = None) -> list[Product]:
    """The demo's rendered products, long side `side`."""
    files = _files(ROOT / "fixtures" / "catalogue")
    return [_product(file, side, shop="demo", ours=True) for file in files[:limit]]


def real_products(side: int, count: int, seed: int) -> list[Product]:
    """A seeded choice of shop photos at least `side` long, shops and backgrounds taking turns.

    Empty, with a printed notice, where ../shared/data/products is absent.
    """
    folder = SHARED / "products"
    if not folder.is_dir() or not count:
        _say_absent(folder, count)
        return []
    shops: dict[str, list[Path]] = defaultdict(list)
    for file in _files(folder):
        shops[file.stem.split("_")[0].removesuffix("-hist")].append(file)
    generator = random.Random(seed)
    for files in shops.values():
        generator.shuffle(files)
    taken: list[Product] = []
    backgrounds: Counter[str] = Counter()
    while len(taken) < count and any(shops.values()):
        for shop, files in sorted(shops.items()):
            if not files or len(taken) >= count:
                continue
            chosen = _rarest(files, side, shop, backgrounds)
            if chosen is not None:
                backgrounds[chosen.background] += 1
                taken.append(chosen)
    return taken


def styles(count: int | None, seed: int) -> list[Style]:
    """Our rendered references and `count` of ../shared/data/styles (None: all), kinds taking
    turns, the two sources interleaved evenly."""
    ours = [_style(file, ours=True) for file in _files(ROOT / "fixtures" / "styles")]
    folder = SHARED / "styles"
    if not folder.is_dir() or count == 0:
        _say_absent(folder, count)
        return ours
    kinds: dict[str, list[Path]] = defaultdict(list)
    for file in _files(folder):
        kinds[file.stem.split("_")[0]].append(file)
    generator = random.Random(seed)
    for files in kinds.values():
        generator.shuffle(files)
    turns = [file for row in _turns(list(kinds.values())) for file in row][:count]
    return _interleaved(ours, [_style(file, ours=False) for file in turns])


def pairs(products: Sequence[Product], references: Sequence[Style], per_product: int) -> list[Pair]:
    """Each product in `per_product` styles that follow one another, so that every style is used
    about equally often."""
    count = len(references)
    per_product = min(per_product, count)
    made = []
    for number, product in enumerate(products):
        # The second term keeps later products from meeting the same sets of styles again.
        start = number * per_product + number * per_product // count
        made += [
            Pair(product=product, style=references[(start + step) % count])
            for step in range(per_product)
        ]
    return made


def showable(made: Sequence[Pair], count: int) -> list[Pair]:
    """Up to `count` pairs of our renders, products first, then styles, as different as may be."""
    used: Counter[str] = Counter()
    chosen: list[Pair] = []
    left = [pair for pair in made if pair.ours]
    while left and len(chosen) < count:
        best = min(left, key=lambda pair: (used[pair.product.slug], used[pair.style.slug]))
        used.update((best.product.slug, best.style.slug))
        left.remove(best)
        chosen.append(best)
    return chosen


def eight_bit(picture: Tensor) -> Tensor:
    """The picture as a file would keep it."""
    return (picture.clamp(0, 1) * 255).round() / 255


def _rarest(files: list[Path], side: int, shop: str, backgrounds: Counter[str]) -> Product | None:
    """Take the candidate whose background was met least; None when none is large enough."""
    candidates = []
    while files and len(candidates) < CANDIDATES:
        file = files.pop()
        photo = decode(file.read_bytes(), name=file.name)
        if max(photo.size) >= side:
            candidates.append((file, _background(photo)))
    if not candidates:
        return None
    file, _ = best = min(candidates, key=lambda item: backgrounds[item[1]])
    files[:0] = [other[0] for other in candidates if other is not best]
    return _product(file, side, shop=shop, ours=False)


def _product(file: Path, side: int, *, shop: str, ours: bool) -> Product:
    photo = decode(file.read_bytes(), name=file.name)
    picture = torch.from_numpy(np.ascontiguousarray(photo.flattened().transpose(2, 0, 1)))
    scale = side / max(picture.shape[-2:])
    size = (round(picture.shape[-2] * scale), round(picture.shape[-1] * scale))
    mask = torch.from_numpy(np.ascontiguousarray(find_mask(photo).weights))
    return Product(
        slug=file.stem,
        shop=shop,
        background=_background(photo),
        ours=ours,
        picture=eight_bit(scaled(picture, size)),
        mask=scaled(mask[None].float(), size)[0],
    )


def _style(file: Path, *, ours: bool) -> Style:
    data = file.read_bytes()
    rgb = decode(data, name=file.name).flattened()
    picture = torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))
    digest = hashlib.sha256(data).hexdigest()
    return Style(slug=file.stem, ours=ours, picture=picture, sha256=digest)


def _background(photo: Photo) -> str:
    kind = find_mask(photo).origin
    return "scene" if kind == "none" else str(kind)


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)


def _turns(lists: Sequence[Sequence[Path]]) -> Iterator[list[Path]]:
    for row in range(max(map(len, lists))):
        yield [files[row] for files in lists if row < len(files)]


def _interleaved(first: Sequence[Style], second: Sequence[Style]) -> list[Style]:
    """Both in order, each spread evenly over the whole."""
    placed = [
        ((number + 0.5) / len(part), item)
        for part in (first, second)
        if part
        for number, item in enumerate(part)
    ]
    return [item for _, item in sorted(placed, key=lambda entry: entry[0])]


def _say_absent(folder: Path, count: int | None) -> None:
    if count != 0:
        print(f"{folder.parent.name}/{folder.name} is absent: our renders only")
