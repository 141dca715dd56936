"""From what a host hands over (a row, a product, a file field) to the picture that is meant."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.db import models
from django.db.models.fields.files import FieldFile

from shop_style.exceptions import SourceError
from shop_style.sources import Source, SourceImage, child_sources, source_image, sources_of

logger = logging.getLogger(__name__)


def picture_key(picture: SourceImage) -> tuple[Any, ...]:
    """What makes two pictures of a page the same one. A row that is not saved is only itself."""
    row = picture.instance
    return (type(row), row._state.db, row.pk or f"unsaved {id(row)}", picture.source.field)


def picture_of(row: models.Model, field_name: str | None = None) -> SourceImage:
    """The picture of a row; of the row's first file where our settings cannot tell.

    Raises SourceError when the row has no file field at all.
    """
    if not isinstance(row, models.Model):
        raise SourceError(f"{row!r} is no row; hand over one that holds a picture, or its file")
    try:
        return source_image(row, field_name)
    except Exception as error:  # broken settings must not keep a storefront from its originals
        fields = [item for item in row._meta.get_fields() if isinstance(item, models.FileField)]
        # Pictures first: a row may hold a price list as well.
        for item in sorted(fields, key=lambda item: not isinstance(item, models.ImageField)):
            if field_name in (None, item.name):
                if not isinstance(error, LookupError):
                    logger.exception("the original of %s %s is shown", row._meta.label, row.pk)
                return SourceImage(Source(type(row), item.name), row)
        raise


def object_key(given: Any) -> tuple[Any, ...]:
    """What makes two objects that a template hands over the same one."""
    if isinstance(given, FieldFile):
        return (*object_key(given.instance), given.field.name)
    if not isinstance(given, models.Model):
        return (type(given), id(given))
    return (type(given), given._state.db, given.pk or f"unsaved {id(given)}")


def pictures_for(objects: Sequence[Any]) -> dict[tuple[Any, ...], SourceImage]:
    """The picture of each object, by its key: its own, or the first of its child rows.

    What has none, or is nothing of the kind, is left out and logged: one odd object must not
    keep a page from the others. One query for each model whose pictures are child rows.
    """
    found: dict[tuple[Any, ...], SourceImage] = {}
    parents: dict[type[models.Model], list[models.Model]] = {}
    for given in objects:
        try:
            if not given:
                continue
            if isinstance(given, FieldFile):
                found[object_key(given)] = picture_of(given.instance, given.field.name)
            elif _has_children_only(type(given)):
                parents.setdefault(type(given), []).append(given)
            else:
                found[object_key(given)] = picture_of(given)
        except Exception:  # a template may hand over anything
            logger.exception("%r holds no picture", given)
    for rows in parents.values():
        try:
            first = covers(rows, partial(_all_rows, alias=rows[0]._state.db))
            found |= {object_key(row): first[row.pk] for row in rows if row.pk in first}
        except Exception:  # database or settings; the page goes without these
            logger.exception("no pictures of %d %s rows", len(rows), type(rows[0])._meta.label)
    return found


def _all_rows(model: type[models.Model], *, alias: str | None) -> Any:
    return model._default_manager.using(alias)


def _has_children_only(model: Any) -> bool:
    try:
        return not sources_of(model) and bool(child_sources(model))
    except Exception:  # broken settings: the row's own file is looked for
        return False


def covers(
    rows: Sequence[models.Model], children_of: Callable[[type[models.Model]], Any]
) -> dict[Any, SourceImage]:
    """The first picture among each row's child rows, by the row's key. One query a source.

    children_of: the queryset of a child model's rows that may be shown.
    """
    found: dict[Any, SourceImage] = {}
    for source, relation in child_sources(type(rows[0])):
        attname = source.model._meta.get_field(relation).attname  # type: ignore[union-attr]
        children = children_of(source.model).filter(**{f"{relation}__in": [row.pk for row in rows]})
        for child in children:  # in the model's own order: the first is the cover
            picture = SourceImage(source, child)
            if picture.name:
                found.setdefault(getattr(child, attname), picture)
    return found
