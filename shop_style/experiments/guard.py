"""Our queries inside a host's transaction, and beside a rollup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F

from shop_style.models import RollupMark


@contextmanager
def guarded(using: str) -> Iterator[None]:
    """A savepoint where the host is inside a transaction, so that our failure cannot spoil it.

    Outside one it costs nothing.
    """
    if not transaction.get_connection(using).in_atomic_block:
        yield
        return
    with transaction.atomic(using=using):
        yield


@contextmanager
def counting_waits(using: str) -> Iterator[None]:
    """A transaction for which a rollup that counts just now ends first, and the next one waits."""
    with transaction.atomic(using=using):
        locked_mark(using)
        yield


def locked_mark(using: str) -> RollupMark:
    """The rollup's row, locked for the transaction that this begins; made where there is none."""
    mark = RollupMark.objects.using(using).filter(pk=1)
    # First a write: SQLite refuses, without a wait, a transaction that read first and then writes
    # beside another writer; and it knows no lock of a row.
    while not mark.update(rolled_at=F("rolled_at")):
        RollupMark.objects.using(using).bulk_create([RollupMark(pk=1)], ignore_conflicts=True)
    return mark.select_for_update().get()
