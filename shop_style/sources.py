"""Which image fields of the host are styled: `"catalogue.ProductImage.original"`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.core.signals import setting_changed
from django.db import models, router
from django.db.models.fields.files import FieldFile
from django.dispatch import receiver

from shop_style.conf import app_settings
from shop_style.exceptions import SourceError, SourceFileMissing, StorageFailed
from styleeval.sentence import said


@dataclass(frozen=True)
class Source:
    """One image field of one host model."""

    model: type[models.Model]
    field: str

    @property
    def label(self) -> str:
        """As written in the settings."""
        return f"{self.model._meta.label}.{self.field}"

    def file_of(self, instance: models.Model) -> FieldFile:
        """The field's value on a row; false when the row has no file."""
        value: FieldFile = getattr(instance, self.field)
        return value


@dataclass(frozen=True)
class SourceImage:
    """One picture of the host: a row and which of its fields."""

    source: Source
    instance: models.Model

    @property
    def name(self) -> str:
        """Name of the file in the host's storage; empty when there is none."""
        return self.source.file_of(self.instance).name or ""

    @property
    def database(self) -> str:
        """Alias of the database that the row is written to; never a replica's."""
        return router.db_for_write(type(self.instance), instance=self.instance)

    def __str__(self) -> str:
        return f"{self.source.label} of {self.instance.pk} ({self.name or 'no file'})"

    def read(self, *, at_most: int) -> bytes:
        """The file's bytes, one more than `at_most` at the longest.

        Raises SourceFileMissing when there is no file, OSError when storage fails.
        """
        with self._opened() as stream:
            data: bytes = stream.read(at_most + 1)
        return data

    def digest(self) -> str:
        """SHA-256 of the file. Raises as `read` does."""
        digest = hashlib.sha256()
        with self._opened() as stream:
            for chunk in stream.chunks():
                digest.update(chunk)
        return digest.hexdigest()

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        file = self.source.file_of(self.instance)
        if not file:
            raise SourceFileMissing(
                said("{picture} has no file; upload one and request again", picture=self)
            )
        try:
            with file.storage.open(self.name, "rb") as stream:
                yield stream
        except FileNotFoundError as error:
            raise SourceFileMissing(
                said(
                    "{picture} names a file that is not in its storage; upload it again",
                    picture=self,
                )
            ) from error
        except OSError:
            raise
        except Exception as error:  # S3 and other clients have error families of their own
            raise StorageFailed(f"{self}: {type(error).__name__}: {error}") from error


def parse_source(text: str) -> Source:
    """The source a settings string means. Raises SourceError saying which part is wrong."""
    try:
        app_label, model_name, field = text.split(".")
    except (ValueError, AttributeError):
        raise SourceError(
            said("{text!r} is not of the form app_label.Model.field", text=text)
        ) from None
    try:
        model = apps.get_model(app_label, model_name)
    except LookupError as error:
        raise SourceError(f"{text!r}: {error}") from None
    try:
        found = model._meta.get_field(field)
    except FieldDoesNotExist:
        known = [f.name for f in model._meta.get_fields() if isinstance(f, models.FileField)]
        raise SourceError(
            said(
                "{text!r}: {model} has no field {field!r}; its file fields are {known}",
                text=text,
                model=model._meta.label,
                field=field,
                known=", ".join(known) or "none",
            )
        ) from None
    if not isinstance(found, models.FileField):
        raise SourceError(
            said(
                "{text!r}: {field!r} is a {kind}, not an image field",
                text=text,
                field=field,
                kind=type(found).__name__,
            )
        )
    return Source(model, field)


@cache
def sources() -> tuple[Source, ...]:
    """All sources of the settings, in order. Raises SourceError."""
    return tuple(parse_source(text) for text in app_settings().SOURCES)


@cache
def mask_fields() -> dict[Source, Source]:
    """By source, the host's own field of product masks on the same rows.

    Raises SourceError for an entry of SHOP_STYLE["MASKS"] that leads nowhere.
    """
    return dict(parse_mask(label, name) for label, name in app_settings().MASKS.items())


def parse_mask(label: str, name: str) -> tuple[Source, Source]:
    """The source and the mask field that an entry of the settings means. Raises SourceError."""
    source = parse_source(label)
    if source not in sources():
        raise SourceError(
            said("{label!r} is not in SHOP_STYLE['SOURCES']; add it there", label=label)
        )
    if not isinstance(name, str) or "." in name:
        raise SourceError(
            said(
                "{label!r}: {name!r} is no field's name; write one of {model}",
                label=label,
                name=name,
                model=source.model._meta.label,
            )
        )
    mask = parse_source(f"{source.model._meta.label}.{name}")
    if mask == source:
        raise SourceError(
            said(
                "{label!r}: {name!r} is the picture itself; name the mask's own field",
                label=label,
                name=name,
            )
        )
    return source, mask


def sources_of(model: type[models.Model]) -> list[Source]:
    """The styled fields of a model itself (or of the model it is a proxy of)."""
    concrete = model._meta.concrete_model
    return [item for item in sources() if item.model._meta.concrete_model is concrete]


def source_image(instance: models.Model, field: str | None = None) -> SourceImage:
    """The picture of a row. Raises SourceError when the row's model is not a source, or
    has several and no field was named."""
    found = sources_of(type(instance))
    if field is not None:
        found = [item for item in found if item.field == field]
    if len(found) == 1:
        return SourceImage(found[0], instance)
    label = type(instance)._meta.label
    if found:
        raise SourceError(
            said(
                "{label} has several styled fields: name one of {fields}",
                label=label,
                fields=", ".join(item.field for item in found),
            )
        )
    raise SourceError(
        said(
            "{label}{field} is not in SHOP_STYLE['SOURCES']; add it there",
            label=label,
            field="." + field if field else "",
        )
    )


def pictures_of(instances: list[Any]) -> list[SourceImage]:
    """Every styled picture of these rows: their own fields, and those of child rows.

    A child row is one whose model is a source and has a foreign key to the row's model.
    Rows without a file are left out. Two queries at most a source, whatever the row count.
    """
    if not instances:
        return []
    model = type(instances[0])
    pictures = [
        SourceImage(source, instance) for source in sources_of(model) for instance in instances
    ]
    for source, relation in child_sources(model):
        children = source.model._default_manager.using(instances[0]._state.db).filter(
            **{f"{relation}__in": [item.pk for item in instances]}
        )
        pictures += [SourceImage(source, child) for child in children.order_by("pk")]
    return [picture for picture in pictures if picture.name]


def latest_pictures(number: int) -> list[SourceImage]:
    """The newest pictures of the sources, as many as asked for.

    Raises SourceError when a source of the settings leads nowhere.
    """
    found: list[SourceImage] = []
    for source in sources():
        rows = source.model._default_manager.order_by("-pk")[:number]
        pictures = [SourceImage(source, row) for row in rows]
        found += [picture for picture in pictures if picture.name]
    return found[:number]


def varied_pictures(number: int, *, among: int = 300) -> list[SourceImage]:
    """Pictures from across the newest of the sources: of a product one, where there are enough.

    Two queries a source. Raises SourceError when a source of the settings leads nowhere.
    """
    found: list[list[SourceImage]] = []
    for source in sources():
        rows = source.model._default_manager.exclude(**{source.field: ""})
        owner = _owner_field(source.model)
        names = ("pk", owner.attname) if owner else ("pk", "pk")
        pairs = list(rows.order_by("-pk").values_list(*names)[:among])
        # The first picture of a product is as a rule the one that it is known by.
        firsts = list({belongs: pk for pk, belongs in pairs}.values())
        others = [pk for pk, _ in pairs if pk not in set(firsts)]
        keys = _spread(firsts, number)
        keys += _spread(others, number - len(keys))
        there = source.model._default_manager.in_bulk(keys)
        found.append([SourceImage(source, there[pk]) for pk in keys if pk in there])
    in_turn = [item for group in zip_longest(*found) for item in group if item and item.name]
    return in_turn[:number]


def _owner_field(model: type[models.Model]) -> models.ForeignKey[Any, Any] | None:
    """The foreign key to what a row is a part of: it goes when that goes."""
    for field in model._meta.get_fields():
        if not isinstance(field, models.ForeignKey) or field.null:
            continue
        if field.remote_field.on_delete is models.CASCADE:
            return field
    return None


def _spread(keys: list[Any], number: int) -> list[Any]:
    """As many of them, evenly apart; all where there are no more."""
    if len(keys) <= number:
        return keys
    return [keys[index * len(keys) // number] for index in range(number)]


def child_sources(model: type[models.Model]) -> list[tuple[Source, str]]:
    """Sources on child rows of a model, each with the name of its foreign key to the model."""
    lineage = {model._meta.concrete_model, *model._meta.all_parents}
    found = []
    for source in sources():
        for field in source.model._meta.get_fields():
            if (
                isinstance(field, models.ForeignKey)
                and field.related_model in lineage
                and source.model is not model
            ):
                found.append((source, field.name))
                break
    return found


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting == "SHOP_STYLE":
        sources.cache_clear()
        mask_fields.cache_clear()
