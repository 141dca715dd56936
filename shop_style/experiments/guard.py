"""Our queries inside a host's transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


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
