"""Give failed variants another chance, when a person has mended what was wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from shop_style.generation.dispatchers import get_dispatcher
from shop_style.models import AuditEntry, Status, StyleVariant


def requeue_failed(rows: Any, *, actor: str) -> int:
    """Queue the failed ones among these variants again, with their tries given back.

    rows: a queryset of variants. Returns how many.
    """
    using = rows.db
    with transaction.atomic(using=using):
        failed = list(rows.live().filter(status=Status.FAILED).select_for_update())
        keys = [row.pk for row in failed]
        number: int = StyleVariant.objects.using(using).filter(pk__in=keys).requeue()
        for row in failed:
            AuditEntry.objects.record(
                "queued again", row, actor=actor, detail={"error_code": row.error_code}
            )
        transaction.on_commit(partial(get_dispatcher().dispatch, keys, using=using), using=using)
    return number
