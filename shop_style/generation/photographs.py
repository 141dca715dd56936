"""Photographs that a style is shown on or learned from: the shop's own, or an operator's files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from shop_style.conf import app_settings
from shop_style.exceptions import (
    FacesRefused,
    GuideUnusable,
    IntakeError,
    MaskUncertain,
    PictureUnsuitable,
    SourceError,
)
from shop_style.generation.guides import guide_of
from shop_style.generation.limits import intake_limits
from shop_style.imaging.guide import Guide
from shop_style.imaging.intake import decode
from shop_style.sources import SourceImage, parse_source
from styleeval.sentence import said

PREVIEW_PICTURES = 6
"""How many of the shop's pictures a job on a style looks at."""


UNSHOWABLE = (IntakeError, FacesRefused, GuideUnusable, MaskUncertain, PictureUnsuitable)
"""Errors that are one photograph's own: a sheet goes on without it, and names it."""


@dataclass(frozen=True, kw_only=True)
class Photograph:
    """An encoded picture, what people know it by, and what they say of it."""

    name: str
    data: bytes
    guide: Guide | None = None

    @cached_property
    def sha256(self) -> str:
        """Hexadecimal digest of the file."""
        return hashlib.sha256(self.data).hexdigest()


def photograph_file(path: Path) -> Photograph:
    """Read a file that an operator names, through the intake.

    Raises IntakeError naming the file.
    """
    limits = intake_limits()
    try:
        with path.open("rb") as stream:
            data = stream.read(limits.max_bytes + 1)
    except OSError as error:
        raise IntakeError(
            "unreadable",
            said(
                "{path}: it cannot be read ({why}); check the path", path=path, why=error.strerror
            ),
        ) from error
    decode(data, name=str(path), limits=limits)
    return Photograph(name=path.name, data=data)


def named_pictures(pictures: Iterable[SourceImage]) -> list[dict[str, str]]:
    """The first pictures, as a job's payload names them."""
    return [
        {
            "source": picture.source.label,
            "object_id": str(picture.instance.pk),
            "database": picture.database,
        }
        for picture in list(pictures)[:PREVIEW_PICTURES]
    ]


def named_photograph(item: dict[str, str]) -> Photograph:
    """Read a picture that a payload names.

    Raises SourceError, OSError of its storage, or what `guide_of` raises of its mask.
    """
    source = parse_source(item["source"])
    rows = source.model._base_manager.using(item["database"])
    instance = rows.filter(pk=item["object_id"]).first()
    if instance is None:
        raise SourceError(
            said(
                "{source} {object_id} is gone; ask for a new preview",
                source=item["source"],
                object_id=item["object_id"],
            )
        )
    picture = SourceImage(source, instance)
    return Photograph(
        name=picture.name,
        data=picture.read(at_most=app_settings().MAX_BYTES),
        guide=guide_of(picture),
    )


def readable_photographs(items: Iterable[dict[str, str]]) -> tuple[list[Photograph], list[str]]:
    """The pictures of a payload that can be read, and a sentence on each that cannot."""
    found: list[Photograph] = []
    refused: list[str] = []
    for item in items:
        try:
            found.append(named_photograph(item))
        except (SourceError, GuideUnusable, IntakeError, OSError) as error:
            refused.append(str(error))
    return found, refused
