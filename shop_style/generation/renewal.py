"""New variants of a picture whose guide changed; what shoppers see stays until then."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable

from django.db import transaction
from django.db.models import QuerySet

from shop_style.generation.files import checkpoint_name, remove_on_commit
from shop_style.generation.request import RequestReport, request_variants
from shop_style.generation.retire import retire
from shop_style.models import Status, Style, StyleVariant
from shop_style.sources import SourceImage


def _every_style(style: Style) -> bool:
    return True


def renew(
    picture: SourceImage, *, actor: str, only: Callable[[Style], bool] = _every_style
) -> RequestReport:
    """Ask anew for the live variants of a picture, each in its style and with its overrides.

    What is ready stays as it is, and published where it is. What failed is tried again. What a
    worker is at by what was said before is taken from it. only: which styles.
    """
    alias = picture.database
    report = RequestReport()
    with transaction.atomic(using=alias):
        rows = [row for row in _live(picture) if only(row.style)]
        _start_over(rows, alias)
        for (overrides, failed), slugs in _wanted(rows).items():
            report.add(
                request_variants(
                    [picture],
                    Style.objects.home().offered().filter(slug__in=slugs),
                    overrides=json.loads(overrides),
                    # What failed is queued again itself, and leaves no failed row behind.
                    regenerate=not failed,
                    actor=actor,
                )
            )
    return report


def renewed_number(picture: SourceImage, *, only: Callable[[Style], bool] = _every_style) -> int:
    """How many variants `renew` would ask for."""
    rows = _live(picture)
    return sum(len(slugs) for slugs in _wanted([row for row in rows if only(row.style)]).values())


def _live(picture: SourceImage) -> QuerySet[StyleVariant]:
    return (
        StyleVariant.objects.for_objects([picture.instance])
        .using(picture.database)
        .live()
        .filter(field=picture.source.field)
        .select_related("style")
        .order_by("revision", "pk")
    )


def _wanted(rows: list[StyleVariant]) -> dict[tuple[str, bool], set[str]]:
    """Slugs of the styles by overrides, and by whether the latest try failed."""
    latest = {(row.style.slug, json.dumps(row.overrides, sort_keys=True)): row for row in rows}
    wanted: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for (slug, overrides), row in latest.items():
        wanted[overrides, row.status == Status.FAILED].add(slug)
    return wanted


def _start_over(rows: list[StyleVariant], alias: str) -> None:
    """No picture may come of what was read before: neither a worker's nor a checkpoint's."""
    keys = [row.pk for row in rows]
    retire(StyleVariant.objects.using(alias).filter(pk__in=keys, status=Status.RUNNING))
    waiting = [row.pk for row in rows if row.status == Status.PENDING]
    remove_on_commit([checkpoint_name(alias, pk) for pk in waiting], using=alias)
