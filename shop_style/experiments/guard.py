"""Our queries inside a host's transaction, and beside a rollup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

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
        RollupMark.objects.using(using).get_or_create(pk=1)
        RollupMark.objects.using(using).select_for_update().get(pk=1)
        yield
