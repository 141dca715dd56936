"""Ask for variants: one row a picture, style, original and recipe, however often it is asked."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from shop_style.exceptions import (
    EngineParameterError,
    ShopStyleError,
    SourceError,
    StyleRetired,
)
from shop_style.generation.databases import style_in
from shop_style.generation.dispatchers import get_dispatcher
from shop_style.models import Status, Style, StyleVariant
from shop_style.models.style import Region
from shop_style.models.variant import Review
from shop_style.sources import SourceImage, source_image
from styleeval.sentence import said

logger = logging.getLogger(__name__)

# (content type, object id, field, style, source digest, recipe digest): unique in one database.
Key = tuple[int, str, str, int, str, str]
_BATCH = 500
COMPOSITION = 3
"""Raised whenever masks, grounds or locks would make other pixels of the same style."""


@dataclass
class RequestReport:
    """What a request did. Refused: what could not be asked for, and why."""

    created: int = 0
    requeued: int = 0
    existing: int = 0
    refused: list[tuple[str, ShopStyleError]] = field(default_factory=list)
    variants: list[StyleVariant] = field(default_factory=list)

    def add(self, other: RequestReport) -> None:
        """Take another report's counts in; its rows are not kept."""
        self.created += other.created
        self.requeued += other.requeued
        self.existing += other.existing
        self.refused += other.refused

    def summary(self) -> str:
        """What came of it, for a terminal or a message."""
        parts = [gettext("%d requested") % self.created]
        if self.requeued:
            parts.append(gettext("%d queued again") % self.requeued)
        parts.append(gettext("%d already there") % self.existing)
        if self.refused:
            parts.append(gettext("%d refused") % len(self.refused))
        return gettext(", ").join(parts)


def request_variant(
    instance: Any,
    style: Style,
    *,
    field: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    actor: str = "",
) -> StyleVariant:
    """Ask for one variant of one row's picture. Returns its row, new or already there.

    Raises SourceError when the row's model is no source or has no file, EngineParameterError
    for an override that does not fit, StyleRetired.
    """
    report = request_variants(
        [source_image(instance, field)], [style], overrides=overrides, actor=actor
    )
    if report.refused:
        raise report.refused[0][1]
    return report.variants[0]


def request_variants(
    pictures: Sequence[SourceImage],
    styles: Iterable[Style],
    *,
    overrides: Mapping[str, Any] | None = None,
    regenerate: bool = False,
    actor: str = "",
) -> RequestReport:
    """Ask for every picture in every style; a constant number of queries a database.

    overrides: `strength` (0–1 or None for auto) and `region`, for these variants only.
    regenerate: ask again for what exists; what is live stays live until then.
    Reads each file once, for its digest. A picture that cannot be read is refused, not fatal.
    Raises EngineParameterError for overrides that do not fit, StyleRetired for a retired style.
    """
    changes = checked_overrides(overrides or {})
    report = RequestReport()
    wanted_styles = list(styles)
    _refuse_retired(wanted_styles)
    by_database: dict[str, list[tuple[SourceImage, str]]] = defaultdict(list)
    for picture in pictures:
        try:
            by_database[picture.database].append((picture, picture.digest()))
        except SourceError as error:
            report.refused.append((str(picture), error))
        except OSError as error:
            report.refused.append(
                (
                    str(picture),
                    SourceError(said("{picture}: storage: {why}", picture=picture, why=error)),
                )
            )
    for alias, found in by_database.items():
        local = [style_in(style, alias) for style in wanted_styles]
        _request_in(alias, found, local, changes, regenerate=regenerate, report=report)
    if report.created or report.requeued:
        logger.info("%s asked for variants: %s", actor or "somebody", report.summary())
    return report


def _refuse_retired(styles: Iterable[Style]) -> None:
    retired = [style.slug for style in styles if style.retired_at is not None]
    if retired:
        raise StyleRetired(
            said(
                "retired: {styles}; bring it back on its page in the admin, or take another style",
                styles=", ".join(retired),
            )
        )


def checked_overrides(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides that may be stored. Raises EngineParameterError."""
    allowed = {"strength", "region"}
    unknown = set(overrides) - allowed
    if unknown:
        raise EngineParameterError(
            said("unknown overrides: {unknown}", unknown=", ".join(sorted(unknown)))
        )
    strength = overrides.get("strength", 1.0)
    if strength is not None and not (
        isinstance(strength, int | float) and 0.0 <= float(strength) <= 1.0
    ):
        raise EngineParameterError(
            said("strength {strength!r} is not between 0 and 1", strength=strength)
        )
    if "region" in overrides and overrides["region"] not in Region.values:
        raise EngineParameterError(
            said(
                "region {region!r} is not one of {regions}",
                region=overrides["region"],
                regions=", ".join(Region.values),
            )
        )
    return dict(overrides)


def recipe_digest(style: Style, overrides: Mapping[str, Any]) -> str:
    """SHA-256 of the style's digest, the overrides and how pictures are put together."""
    recipe = json.dumps([style.digest, dict(overrides), COMPOSITION], sort_keys=True)
    return hashlib.sha256(recipe.encode()).hexdigest()


def _request_in(
    alias: str,
    found: list[tuple[SourceImage, str]],
    styles: list[Style],
    overrides: dict[str, Any],
    *,
    regenerate: bool,
    report: RequestReport,
) -> None:
    types = ContentType.objects.db_manager(alias).get_for_models(
        *{type(picture.instance) for picture, _ in found}
    )
    with transaction.atomic(using=alias):
        there = _rows_of(alias, found)
        before = _newest(there)
        rows: dict[Key, StyleVariant] = {}
        for picture, digest in found:
            for style in styles:
                row = StyleVariant(
                    content_type=types[type(picture.instance)],
                    object_id=str(picture.instance.pk),
                    database=alias,
                    field=picture.source.field,
                    style=style,
                    source_name=picture.name,
                    source_digest=digest,
                    overrides=overrides,
                    recipe_digest=recipe_digest(style, overrides),
                )
                rows[_key(row)] = row
        new = [row for key, row in rows.items() if key not in before or regenerate]
        if regenerate:
            # What is still in the queue is about to be fresh.
            new = [row for row in new if not _is_queued(before.get(_key(row)))]
            revisions = _highest_revisions(there)
            for row in new:
                row.revision = revisions.get(_key(row), -1) + 1
        # One order for all callers, or two that overlap deadlock on PostgreSQL.
        new.sort(key=_key)
        after = before
        if new:
            StyleVariant.objects.using(alias).bulk_create(
                new, batch_size=_BATCH, ignore_conflicts=True
            )
            # ignore_conflicts leaves the keys unset, and another process may have been first.
            after = _newest(_rows_of(alias, found))
        stored = [after[key] for key in rows]
        old = [] if regenerate else [row for row in stored if _key(row) in before]
        revived = _revive(alias, old)
        dispatched = [after[_key(row)].pk for row in new] + revived
        report.created += len(new)
        report.requeued += len(revived)
        report.existing += len(stored) - len(dispatched)
        report.variants += stored
        if dispatched:
            transaction.on_commit(
                partial(get_dispatcher().dispatch, dispatched, using=alias), using=alias
            )


def _is_queued(row: StyleVariant | None) -> bool:
    return (
        row is not None
        and row.retired_at is None
        and row.status in (Status.PENDING, Status.RUNNING)
    )


def _highest_revisions(rows: list[StyleVariant]) -> dict[Key, int]:
    highest: dict[Key, int] = {}
    for row in rows:
        highest[_key(row)] = max(row.revision, highest.get(_key(row), 0))
    return highest


def _newest(rows: list[StyleVariant]) -> dict[Key, StyleVariant]:
    """The row that counts for each key: a live one before a retired one, then the latest."""
    best: dict[Key, StyleVariant] = {}
    for row in sorted(rows, key=lambda row: (row.retired_at is None, row.revision)):
        best[_key(row)] = row
    return best


def _rows_of(alias: str, found: list[tuple[SourceImage, str]]) -> list[StyleVariant]:
    rows: list[StyleVariant] = []
    instances = [picture.instance for picture, _ in found]
    # SQLite takes a limited number of parameters in one statement.
    for start in range(0, len(instances), _BATCH):
        batch = instances[start : start + _BATCH]
        rows += StyleVariant.objects.for_objects(batch).using(alias)
    return rows


def _key(row: StyleVariant) -> Key:
    return (
        row.content_type_id,
        row.object_id,
        row.field,
        row.style_id,
        row.source_digest,
        row.recipe_digest,
    )


def _revive(alias: str, rows: list[StyleVariant]) -> list[int]:
    """Queue again what failed, and what was retired and is wanted once more."""
    dead = [row.pk for row in rows if row.retired_at or row.status == Status.FAILED]
    StyleVariant.objects.using(alias).filter(pk__in=dead).filter(
        Q(retired_at__isnull=False) | Q(status=Status.FAILED)
    ).update(
        status=Status.PENDING,
        attempts=0,
        next_attempt_at=None,
        lease_token="",
        lease_expires_at=None,
        error_code="",
        error_detail="",
        review=Review.UNREVIEWED,
        reviewed_by="",
        reviewed_at=None,
        published_at=None,
        retired_at=None,
        image="",
        renditions=[],
        original_renditions=[],
        evidence="",
        bound_by="",
        scorecard=None,
        ssim=None,
        perceptual=None,
        delta_e=None,
        passed=None,
        reasons=[],
        acceptance=None,
        updated_at=timezone.now(),
    )
    return dead
