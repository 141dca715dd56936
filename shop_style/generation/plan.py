"""What a request would find and make: counted by file names, without reading a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shop_style.generation.request import checked_overrides, recipe_digest
from shop_style.models import Status, Style, StyleVariant
from shop_style.sources import SourceImage


@dataclass(frozen=True)
class RequestPlan:
    """What a request would do, judged by file names alone: no file is read."""

    pictures: int
    styles: int
    existing: int
    to_make: int

    def all_again(self) -> RequestPlan:
        """The plan of making anew what is there, too."""
        return replace(self, to_make=self.existing + self.to_make)


def plan_requests(
    pictures: Sequence[SourceImage],
    styles: Iterable[Style],
    *,
    overrides: Mapping[str, Any] | None = None,
) -> RequestPlan:
    """Count what a request would find and make, without reading a file or writing a row."""
    changes = checked_overrides(overrides or {})
    wanted_styles = list(styles)
    existing = 0
    groups: dict[str, list[SourceImage]] = defaultdict(list)
    for picture in pictures:
        groups[picture.database].append(picture)
    for alias, group in groups.items():
        slugs = {style.slug: recipe_digest(style, changes) for style in wanted_styles}
        rows = (
            StyleVariant.objects.for_objects([picture.instance for picture in group])
            .using(alias)
            .live()
            .exclude(status=Status.FAILED)
            .filter(style__slug__in=slugs)
            .values_list("object_id", "field", "source_name", "style__slug", "recipe_digest")
        )
        have = {row[:4] for row in rows.distinct() if slugs[row[3]] == row[4]}
        existing += sum(
            (str(picture.instance.pk), picture.source.field, picture.name, slug) in have
            for picture in group
            for slug in slugs
        )
    total = len(pictures) * len(wanted_styles)
    return RequestPlan(
        pictures=len(pictures),
        styles=len(wanted_styles),
        existing=existing,
        to_make=total - existing,
    )
