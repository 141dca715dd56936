"""A variant as a page shows it: plain columns, for a model instance takes much longer to make."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import FileSystemStorage, Storage
from django.db.models import BooleanField, Case, Q, TextField, When
from django.db.models.functions import Cast

from shop_style.models import Status, StyleVariant
from shop_style.models.variant import Review, narrowest_first
from styleeval.sentence import said

FORMATS: Final = ("avif", "webp", "jpeg")
_REMEMBERED: Final = 8_192

Addresses = tuple[tuple[tuple[str, str], ...], str]
"""Each format's MIME type and srcset, best first, and the largest file of the one every browser
knows."""


@dataclass(slots=True)
class Shown:
    """A variant. renditions, original_renditions: JSON text, read when first met and then known.

    Nobody changes one; freezing it would make each take twice as long.
    """

    pk: int
    is_published: bool
    image: str
    width: int | None
    height: int | None
    digital_source_type: str
    style: str
    style_name: str
    renditions: str
    original_renditions: str
    _has_files: bool | None = None

    @classmethod
    def of(cls, variant: StyleVariant) -> Shown:
        """The same of a row that was read whole."""
        return cls(
            pk=variant.pk,
            is_published=variant.is_published,
            image=variant.image.name or "",
            width=variant.width,
            height=variant.height,
            digital_source_type=variant.digital_source_type,
            style=variant.style.slug,
            style_name=variant.style.name,
            renditions=json.dumps(variant.renditions),
            original_renditions=json.dumps(variant.original_renditions),
        )

    @staticmethod
    def columns(prefix: str = "") -> list[Any]:
        """What `values_list` is to find for `Shown(*row)`. prefix: how the variant is reached."""
        plain = ("image", "width", "height", "digital_source_type", "style__slug", "style__name")
        lists = ("renditions", "original_renditions")
        return [
            f"{prefix}pk",
            _is_published(prefix),
            *(f"{prefix}{name}" for name in plain),
            *(Cast(f"{prefix}{name}", TextField()) for name in lists),
        ]

    @property
    def lists_originals(self) -> bool:
        """Does it name files of the original? One rendered before they were kept names none."""
        return self.original_renditions not in ("", "[]")

    @property
    def has_files(self) -> bool:
        """Are its files there, as far as can be told without a network?

        On this computer's disk a look is a few microseconds. Of a remote storage nothing is asked
        on a page's way: what is lost there is found when a browser reports it, and by
        `prune_variants`.
        """
        if self._has_files is None:
            named = self.renditions not in ("", "[]") and bool(self.image)
            self._has_files = named and _may_exist(self.image)
        return self._has_files

    def addresses(self) -> Addresses:
        """Of its own files. Raises what its storage raises."""
        return _addresses(self.renditions)

    def original_addresses(self) -> Addresses:
        """Of the original's files beside it. Raises what its storage raises."""
        return _addresses(self.original_renditions)

    def image_address(self) -> str:
        """Of its largest picture. Raises ValueError where it has none."""
        if not self.image:
            raise ValueError(said("variant {pk} has no picture", pk=self.pk))
        return address(_storage(), self.image)


def _is_published(prefix: str) -> Case:
    """The answer of the database's, where it costs less than four columns."""
    found = Q(
        **{
            f"{prefix}status": Status.READY,
            f"{prefix}review": Review.APPROVED,
            f"{prefix}published_at__isnull": False,
            f"{prefix}retired_at": None,
        }
    )
    return Case(When(found, then=True), default=False, output_field=BooleanField())


def _may_exist(name: str) -> bool:
    storage = _storage()
    if not isinstance(storage, FileSystemStorage):
        return True
    try:
        return os.path.exists(_path(storage, str(storage.location), name))
    except (NotImplementedError, SuspiciousOperation):
        return True


def address(storage: Storage, name: str) -> str:
    """Where browsers find a file. What Django's own disk storage says of a name is remembered;
    others may sign their addresses for a time."""
    plain = _plain(storage)
    return str(storage.url(name)) if plain is None else _plain_address(plain, plain.base_url, name)


def _storage() -> Storage:
    storage: Storage = StyleVariant._meta.get_field("image").storage
    return storage


def _plain(storage: Storage) -> FileSystemStorage | None:
    """The storage, where it is Django's own for disks and its addresses are as well."""
    inner = getattr(storage, "_wrapped", storage)  # default_storage is lazy
    if not isinstance(inner, FileSystemStorage):
        return None
    is_plain = type(inner).url is FileSystemStorage.url and "url" not in inner.__dict__
    return inner if is_plain else None


def _addresses(text: str) -> Addresses:
    storage = _storage()
    plain = _plain(storage)
    if plain is None:
        return _written(storage.url, _parsed(text))
    return _plain_addresses(plain, plain.base_url, text)


@lru_cache(maxsize=_REMEMBERED)
def _plain_addresses(storage: Storage, base_url: str | None, text: str) -> Addresses:
    return _written(storage.url, _parsed(text))


@lru_cache(maxsize=_REMEMBERED)
def _plain_address(storage: Storage, base_url: str | None, name: str) -> str:
    return str(storage.url(name))


@lru_cache(maxsize=_REMEMBERED)
def _path(storage: FileSystemStorage, location: str, name: str) -> str:
    return str(storage.path(name))


@lru_cache(maxsize=_REMEMBERED)
def _parsed(text: str) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
    """Of each format the files' names and widths, narrowest first."""
    renditions = json.loads(text or "[]")
    return tuple(
        (form, tuple((item["name"], item["width"]) for item in narrowest_first(renditions, form)))
        for form in FORMATS
    )


def _written(url: Any, files: Sequence[tuple[str, tuple[tuple[str, int], ...]]]) -> Addresses:
    found = {form: [(url(name), width) for name, width in named] for form, named in files if named}
    sources = tuple(
        (f"image/{form}", ", ".join(f"{where} {width}w" for where, width in named))
        for form, named in found.items()
    )
    return sources, found["jpeg"][-1][0] if "jpeg" in found else ""
