"""Decoded pictures kept in one file, so that a run's next start reads instead of decoding."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from shop_style.transfer.training.pictures import (
    CorpusError,
    Picture,
    decode_file,
    held_out,
    picture_files,
)

PIXELS = "decoded.u8"
INDEX = "decoded.json"


def decoded_split(
    folders: Sequence[Path],
    prefixes: Sequence[str],
    *,
    side: int,
    every: int,
    cache: Path | None = None,
) -> tuple[list[Picture], list[Picture]]:
    """Pictures of the folders reduced to `side`, those to train on and those held out.

    Raises CorpusError when a folder yields nothing.
    """
    files = picture_files(folders, prefixes)
    found = _cached(files, side, cache) if cache else _decoded(files, side)
    shown: list[Picture] = []
    kept_back: list[Picture] = []
    for name, picture in found:
        (kept_back if held_out(name, every) else shown).append(picture)
    if not shown:
        raise CorpusError(f"{', '.join(map(str, folders)) or 'no folder'}: no picture found")
    return shown, kept_back or shown[-1:]


def _decoded(files: Sequence[Path], side: int) -> list[tuple[str, Picture]]:
    pairs = ((file.name, decode_file(file, side)) for file in files)
    return [(name, picture) for name, picture in pairs if picture is not None]


def _cached(files: Sequence[Path], side: int, cache: Path) -> list[tuple[str, Picture]]:
    facts = [(file.name, file.stat().st_size) for file in files]
    key = hashlib.sha256(json.dumps([side, facts]).encode()).hexdigest()
    index, pixels = cache / INDEX, cache / PIXELS
    if not (index.is_file() and json.loads(index.read_text())["key"] == key):
        cache.mkdir(parents=True, exist_ok=True)
        found = _decoded(files, side)
        with pixels.open("wb") as stream:
            for _, picture in found:
                stream.write(picture.tobytes())
        shapes = [[name, *picture.shape[:2]] for name, picture in found]
        index.write_text(json.dumps({"key": key, "pictures": shapes}))
    flat = np.memmap(pixels, np.uint8, "r")
    pairs, start = [], 0
    for name, height, width in json.loads(index.read_text())["pictures"]:
        stop = start + height * width * 3
        pairs.append((name, flat[start:stop].reshape(height, width, 3)))
        start = stop
    return pairs
