"""A second style to change freely: the recipe, the references and their files, copied."""

from __future__ import annotations

import re
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import IntegrityError, transaction

from shop_style.exceptions import StyleArtefactError, StyleReferenceError
from shop_style.generation import files
from shop_style.models import AuditEntry, Style, StyleReference
from styleeval.sentence import said

_OWN: Final = frozenset(
    {"slug", "name", "artefact", "digest", "automatic", "retired_at", "created_at", "updated_at"}
)
"""Columns that a copy has of its own: it asks for nothing by itself, and is not retired."""

_TRIES: Final = 5


def duplicate(style: Style, *, actor: str) -> Style:
    """Copy a style with its references and its fitted parameters, under a free slug.

    Files are copied, never shared: the copy stays whole when the first one goes.
    Raises StyleReferenceError or StyleArtefactError naming a file that is gone, UnknownEngine,
    OSError of the storage; nothing is left of a copy that failed.
    """
    for _ in range(_TRIES - 1):
        try:
            return _duplicate(style, actor)
        except IntegrityError:  # somebody took the same slug just now, as by a second click
            continue
    return _duplicate(style, actor)


def _duplicate(style: Style, actor: str) -> Style:
    using = style._state.db
    number = _free_number(style)
    values = {
        field.attname: getattr(style, field.attname)
        for field in Style._meta.concrete_fields
        if not field.primary_key and field.name not in _OWN
    }
    stored: list[str] = []
    try:
        with transaction.atomic(using=using):
            copy = Style(
                slug=f"{_base(style.slug)}-{number}",
                name=f"{re.sub(r' [0-9]+$', '', style.name)[:90]} {number}",
                **values,
            )
            if style.artefact:
                copy.artefact = _copied(style.artefact, style, StyleArtefactError)
            copy.save(using=using)
            stored += [copy.artefact.name] if copy.artefact.name else []
            for item in style.ordered_references():
                stored.append(_copied_reference(item, copy))
            copy.refresh_digest()
            AuditEntry.objects.record(
                "duplicated",
                copy,
                actor=actor,
                detail={"of": style.slug, "recipe": copy.digest, "files": len(stored)},
            )
    except BaseException:
        files.remove(stored)
        raise
    return copy


def _copied_reference(item: StyleReference, copy: Style) -> str:
    """Returns the name that its picture is stored under."""
    made = StyleReference(
        style=copy,
        image=_copied(item.image, item.style, StyleReferenceError),
        licence=item.licence,
        source=item.source,
        position=item.position,
    )
    made.save(using=copy._state.db)
    return str(made.image.name)


def _copied(file: Any, style: Style, gone: type[Exception]) -> ContentFile[bytes]:
    storage: Storage = file.storage
    data = files.read_if_there(storage, file.name)
    if data is None:
        raise gone(
            said(
                "style “{style}”: its file {file} is gone from storage; give the style another "
                "one, then duplicate it",
                style=style.slug,
                file=file.name,
            )
        )
    return ContentFile(data, name=file.name)


def _base(slug: str) -> str:
    return re.sub(r"-[0-9]+$", "", slug)[:54]


def _free_number(style: Style) -> int:
    base = _base(style.slug)
    taken = set(
        Style.objects.using(style._state.db)
        .filter(slug__startswith=f"{base}-")
        .values_list("slug", flat=True)
    )
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return number
