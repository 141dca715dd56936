"""Which databases hold variants: every one that this app is migrated into."""

from __future__ import annotations

from typing import Any

from django.db import connections, models, router, transaction

from shop_style.exceptions import NotMigrated
from shop_style.models import Style, StyleReference, StyleVariant


def variant_databases() -> list[str]:
    """Aliases a worker looks for work in, the default one first. Raises NotMigrated."""
    found = [
        alias
        for alias in connections
        if router.allow_migrate_model(alias, StyleVariant)
        and StyleVariant._meta.db_table in _tables(alias)
    ]
    if not found:
        raise NotMigrated(
            "no database has the tables of shop_style; run `python manage.py migrate` first"
        )
    return found


def _tables(alias: str) -> list[str]:
    connection = connections[alias]
    with connection.cursor() as cursor:
        return connection.introspection.table_names(cursor)


def style_in(style: Style, alias: str) -> Style:
    """The style as a row of another database, made or brought up to date by its slug.

    Foreign keys and transactions stay within one database, so a variant that lives beside a
    host row elsewhere needs its style there too. Styles are edited at home only.
    """
    home = style._state.db
    if home in (None, alias):
        return style
    values = _mirrored_values(style)
    with transaction.atomic(using=alias):
        mirror = Style.objects.using(alias).filter(slug=style.slug).first()
        if mirror is not None and _mirrored_values(mirror) == values:
            return mirror
        # update() and bulk_create() skip Style.save, whose digest would be taken before the
        # references are there.
        if mirror is None:
            Style.objects.using(alias).bulk_create(
                [Style(slug=style.slug, **values)], ignore_conflicts=True
            )
        Style.objects.using(alias).filter(slug=style.slug).update(**values)
        mirror = Style.objects.using(alias).get(slug=style.slug)
        _mirror_references(style, mirror, alias)
    return mirror


def _mirrored_values(style: Style) -> dict[str, Any]:
    return {
        field.attname: field.value_to_string(style)
        if isinstance(field, models.FileField)
        else getattr(style, field.attname)
        for field in Style._meta.concrete_fields
        if not field.primary_key and field.name not in {"slug", "created_at", "updated_at"}
    }


def _mirror_references(style: Style, mirror: Style, alias: str) -> None:
    rows = StyleReference.objects.using(alias)
    rows.filter(style=mirror).delete()
    rows.bulk_create(
        StyleReference(
            style_id=mirror.pk,
            image=item.image.name,
            licence=item.licence,
            source=item.source,
            position=item.position,
            sha256=item.sha256,
        )
        for item in style.ordered_references()
    )
