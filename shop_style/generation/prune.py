"""Throw away what nothing uses: retired rows after a while, files that no row names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from shop_style.exceptions import FilesSeemGone
from shop_style.generation import files
from shop_style.generation.databases import variant_databases
from shop_style.generation.review import withdraw
from shop_style.models import (
    PictureGuide,
    Status,
    Style,
    StyleJob,
    StyleReference,
    StyleVariant,
)
from shop_style.models.storage import prefixed, variant_storage

_ATTEMPT = re.compile(r"/(\d+)-([0-9a-f]{32})/")
_FOLDERS = (
    files.VARIANTS,
    files.CHECKPOINTS,
    files.PARTS,
    "jobs",
    "references",
    "artefacts",
    "guides",
)
_CHECKPOINT = re.compile(r"/([^/]+)-(\d+)\.bin$")


@dataclass(frozen=True)
class PruneReport:
    """What went, or with a dry run would go. mourned: variants whose host row is gone.

    lost: published variants whose files are gone, which leave the shop.
    """

    rows: int
    orphans: tuple[str, ...]
    mourned: int
    lost: int


def prune(
    *,
    retired_days: float,
    orphan_hours: float,
    dry_run: bool = False,
    withdraw_lost: bool = False,
) -> PruneReport:
    """Retire variants of rows that are gone, withdraw published ones whose files are, remove
    long-retired rows and orphan files.

    A file is an orphan when no row names it, no worker that is still alive is writing it, and it
    is older than `orphan_hours`. withdraw_lost: also where most published variants lack files.
    Raises FilesSeemGone, with nothing done, when that was not said.
    """
    mourned = rows = lost = 0
    there = _stored_variants()
    names: set[str] = set()
    alive: set[tuple[int, str]] = set()
    waiting: set[tuple[str, int]] = set()
    aliases = variant_databases()
    for alias in aliases:  # first: where a storage is away, nothing else must be believed of it
        lost += _withdraw_lost(alias, there, dry_run=dry_run, sure=withdraw_lost)
    for alias in aliases:
        mourned += _retire_mourned(alias, dry_run=dry_run)
        rows += _remove_retired(alias, retired_days, dry_run=dry_run)
        names |= _named(alias)
        alive |= set(
            StyleVariant.objects.using(alias)
            .filter(status=Status.RUNNING, lease_expires_at__gte=timezone.now())
            .values_list("pk", "lease_token")
        )
        waiting |= {
            (alias, pk)
            for pk in StyleVariant.objects.using(alias)
            .live()
            .filter(status__in=(Status.PENDING, Status.RUNNING))
            .values_list("pk", flat=True)
        }
    before = timezone.now() - timedelta(hours=orphan_hours)
    orphans = _orphans(names, alive, waiting, before)
    if not dry_run:
        files.remove(orphans)
    return PruneReport(rows=rows, orphans=tuple(orphans), mourned=mourned, lost=lost)


def _retire_mourned(alias: str, *, dry_run: bool) -> int:
    """Rows deleted behind Django's back (raw SQL, a signal that failed) leave variants here."""
    from shop_style.generation.retire import retire

    mourned = _mourned(StyleVariant.objects.using(alias).live(), alias)
    guides = PictureGuide.objects.using(alias)
    if not dry_run:
        if mourned:
            retire(StyleVariant.objects.using(alias).filter(pk__in=mourned))
        guides.filter(pk__in=_mourned(guides, alias)).delete()
    return len(mourned)


def _mourned(rows: models.QuerySet[Any], alias: str) -> list[int]:
    """Keys of those whose host row is gone."""
    mourned: list[int] = []
    rows = rows.order_by()
    for kind in ContentType.objects.using(alias).filter(
        pk__in=rows.values_list("content_type", flat=True).distinct()
    ):
        model = kind.model_class()
        wanted = dict(rows.filter(content_type=kind).values_list("pk", "object_id"))
        if model is None:
            mourned += wanted
            continue
        there = {str(pk) for pk in model._base_manager.using(alias).values_list("pk", flat=True)}
        mourned += [pk for pk, object_id in wanted.items() if object_id not in there]
    return mourned


def _stored_variants() -> set[str]:
    return set(files.walk(variant_storage(), prefixed(files.VARIANTS)))


def _withdraw_lost(alias: str, there: set[str], *, dry_run: bool, sure: bool) -> int:
    """Published variants of which a file is not in storage any more: shoppers would see nothing.

    Raises FilesSeemGone where that is most of them, unless somebody is sure.
    """
    published = list(StyleVariant.objects.using(alias).published().select_related("style"))
    suspects = [row for row in published if not there.issuperset(row.own_file_names())]
    storage = variant_storage()
    # Asked again one by one: a variant may have been published after the folder was read.
    lost = [row for row in suspects if not all(map(storage.exists, row.own_file_names()))]
    if 2 * len(lost) > len(published) and not (sure or dry_run):
        raise FilesSeemGone(
            f"the files of {len(lost)} of {len(published)} published variants in {alias!r} are not "
            "in their storage: is it mounted? If they are truly gone, say --withdraw-lost"
        )
    if lost and not dry_run:
        withdraw(lost, actor="prune_variants", reason="its files are gone from storage")
    return len(lost)


def _remove_retired(alias: str, days: float, *, dry_run: bool) -> int:
    before = timezone.now() - timedelta(days=days)
    old = StyleVariant.objects.using(alias).filter(retired_at__lte=before)
    if dry_run:
        return old.count()
    listed = list(old)
    gone = 0
    for row in listed:
        # Again by date: a request may have revived it meanwhile.
        if old.filter(pk=row.pk).delete()[0]:
            gone += 1
            files.remove(row.file_names())
    return gone


def _named(alias: str) -> set[str]:
    names = {name for row in StyleVariant.objects.using(alias) for name in row.file_names()}
    names |= set(StyleReference.objects.using(alias).values_list("image", flat=True))
    names |= set(Style.objects.using(alias).values_list("artefact", flat=True))
    names |= set(PictureGuide.objects.using(alias).values_list("mask", flat=True))
    for pair in StyleJob.objects.using(alias).values_list("result", "artefact"):
        names |= set(pair)
    return names


def _orphans(
    names: set[str],
    alive: set[tuple[int, str]],
    waiting: set[tuple[str, int]],
    before: datetime,
) -> list[str]:
    storage = variant_storage()
    found = []
    for folder in _FOLDERS:
        for name in files.walk(storage, prefixed(folder)):
            attempt = _ATTEMPT.search(name)
            if name in names or (attempt and (int(attempt[1]), attempt[2]) in alive):
                continue
            checkpoint = _CHECKPOINT.search(name) if folder == files.CHECKPOINTS else None
            if checkpoint and (checkpoint[1], int(checkpoint[2])) in waiting:
                continue
            try:
                if storage.get_modified_time(name) <= before:
                    found.append(name)
            except FileNotFoundError:
                continue  # a worker has just finished with it
    return found
