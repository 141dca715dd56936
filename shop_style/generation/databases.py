"""Which databases hold variants: every one that this app is migrated into."""

from __future__ import annotations

from django.db import connections, router

from shop_style.models import Style, StyleReference, StyleVariant


def variant_databases() -> list[str]:
    """Aliases a worker looks for work in, the default one first."""
    return [
        alias
        for alias in connections
        if router.allow_migrate_model(alias, StyleVariant)
        and StyleVariant._meta.db_table in _tables(alias)
    ]


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
    mirror = Style.objects.using(alias).filter(slug=style.slug).first()
    if mirror is not None and mirror.digest == style.digest and mirror.name == style.name:
        return mirror
    values = {
        field.attname: getattr(style, field.attname)
        for field in Style._meta.concrete_fields
        if not field.primary_key and field.name not in {"slug", "created_at", "updated_at"}
    }
    mirror = mirror or Style(slug=style.slug)
    for name, value in values.items():
        setattr(mirror, name, value)
    # bulk methods skip Style.save, whose digest would be taken before the references are there.
    if mirror.pk is None:
        Style.objects.using(alias).bulk_create([mirror], ignore_conflicts=True)
        mirror = Style.objects.using(alias).get(slug=style.slug)
    else:
        Style.objects.using(alias).filter(pk=mirror.pk).update(**values)
    _mirror_references(style, mirror, alias)
    return mirror


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
