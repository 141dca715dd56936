"""Weight files by name, each with its SHA-256; nothing is loaded whose hash differs."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shop_style.exceptions import WeightsError, WeightsMismatch
from styleeval.sentence import said

SHIPPED = Path(__file__).parent
IMPORT_FOLDER_VARIABLE = "SHOP_STYLE_WEIGHTS"


@dataclass(frozen=True, kw_only=True)
class WeightFile:
    """One weight file: shipped in the wheel, or imported by an operator.

    Looked up by name only, so that no user text ever becomes a path.
    """

    name: str
    file_name: str
    sha256: str
    licence: str
    source: str
    shipped: bool

    def folders(self) -> Iterator[Path]:
        """Where the file may lie, best first."""
        if self.shipped:
            yield SHIPPED
            return
        yield import_folder()
        torch_home = os.environ.get("TORCH_HOME") or Path(
            os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "torch"
        )
        yield Path(torch_home, "hub", "checkpoints")

    def path(self) -> Path | None:
        """The file, if it is there."""
        for folder in self.folders():
            candidate = folder / self.file_name
            if candidate.is_file():
                return candidate
        return None

    def read(self) -> bytes:
        """The checked bytes: hashed and handed over from one read.

        Raises WeightsError when missing, WeightsMismatch when the hash differs.
        """
        path = self.path()
        if path is None:
            step = (
                said("reinstall django-shop-style")
                if self.shipped
                else said(
                    "run `manage.py style_weights --import {file_name}`", file_name=self.file_name
                )
            )
            raise WeightsError(
                said(
                    "weights {name!r} ({file_name}) are missing; {why}",
                    name=self.name,
                    file_name=self.file_name,
                    why=step,
                )
            )
        data = path.read_bytes()
        self._compare(path, hashlib.sha256(data).hexdigest())
        return data

    def verify(self) -> None:
        """Check the hash without keeping the bytes. Raises as `read` does."""
        path = self.path()
        if path is None:
            self.read()
            return
        with path.open("rb") as stream:
            self._compare(path, hashlib.file_digest(stream, "sha256").hexdigest())

    def _compare(self, path: Path, digest: str) -> None:
        if digest != self.sha256:
            raise WeightsMismatch(
                said(
                    "weights {name!r} at {path} have SHA-256 {digest}…, pinned is {pinned}…; "
                    "remove the file and install the pinned one",
                    name=self.name,
                    path=path,
                    digest=digest[:12],
                    pinned=self.sha256[:12],
                )
            )


def import_folder() -> Path:
    """Where imported weights are kept: $SHOP_STYLE_WEIGHTS, else the user's data folder."""
    configured = os.environ.get(IMPORT_FOLDER_VARIABLE)
    if configured:
        return Path(configured)
    data_home = os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")
    return Path(data_home, "shop_style", "weights")


WEIGHTS: dict[str, WeightFile] = {
    item.name: item
    for item in (
        WeightFile(
            name="trunk",
            file_name="trunk.safetensors",
            sha256="9b8909c45832d0604b6b669a58683fba3a00d2df86cbea7c303ccb80a170edd4",
            licence="MIT",
            source="trained by this project: docs/trunk.md",
            shipped=True,
        ),
        WeightFile(
            name="network",
            file_name="network.safetensors",
            sha256="97f509c391f4946c5e39246c4873ba9f692ead6bd70d8af5b6e6cc8c3a6257b6",
            licence="MIT",
            source="trained by this project: docs/network.md",
            shipped=True,
        ),
        WeightFile(
            name="alexnet",
            file_name="alexnet-owt-7be5be79.pth",
            sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
            licence="BSD-3-Clause (torchvision)",
            source="torchvision AlexNet, ImageNet-1K",
            shipped=False,
        ),
        WeightFile(
            name="vgg16",
            file_name="vgg16-397923af.pth",
            sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            licence="BSD-3-Clause (torchvision)",
            source="torchvision VGG16, ImageNet-1K",
            shipped=False,
        ),
    )
}


def weight_file(name: str) -> WeightFile:
    """The weight file of this name. Raises WeightsError."""
    try:
        return WEIGHTS[name]
    except KeyError:
        raise WeightsError(
            said(
                "no weights are called {name!r}; known are {weights}",
                name=name,
                weights=", ".join(WEIGHTS),
            )
        ) from None


def import_weights(source: Path) -> WeightFile:
    """Copy a weight file an operator brought into the import folder.

    The file is known by its SHA-256 alone, whatever it is called.
    Raises WeightsError when it cannot be read, WeightsMismatch when no pinned hash fits.
    """
    try:
        with source.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(
            said("cannot read {source}: {why}", source=source, why=error.strerror)
        ) from error
    for item in WEIGHTS.values():
        if item.sha256 == digest and not item.shipped:
            folder = import_folder()
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / (item.file_name + ".part")
            shutil.copyfile(source, part)
            part.replace(folder / item.file_name)
            return item
    wanted = ", ".join(f"{item.file_name}" for item in WEIGHTS.values() if not item.shipped)
    raise WeightsMismatch(
        said(
            "{source} has SHA-256 {digest}, which is not pinned here; importable are {wanted}",
            source=source.name,
            digest=digest,
            wanted=wanted,
        )
    )
