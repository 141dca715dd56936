"""Variants whose files are gone from storage: looked for where somebody missed them, never on a
page's way."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from django.utils import timezone

from shop_style.models import PhaseProduct, RollupMark
from shop_style.models.storage import variant_storage

logger = logging.getLogger(__name__)

FILE_MISSING: Final = "file_missing"

_AT_MOST: Final = 400
_MOST_GONE: Final = 3
"""More files than this do not get lost at a time, where they are most of those looked at."""


def are_there(names: Iterable[str]) -> bool:
    """Are all of these files in storage? One that cannot say so has not lost them."""
    try:
        return all(map(variant_storage().exists, names))
    except Exception:  # storage clients have error families of their own
        return True


def leave_out_lost(alias: str, reported: list[int]) -> int:
    """Look after products whose picture did not load somewhere; a file that is gone takes its
    product out of every arm. Returns how many did. Storage is asked for some of these only."""
    products = PhaseProduct.objects.using(alias).filter(pk__in=reported, left_out_at=None)
    looked_at = list(products.order_by("pk").prefetch_related("shown__variant")[:_AT_MOST])
    gone = [
        product.pk
        for product in looked_at
        if not all(
            item.variant and are_there(item.variant.file_names()) for item in product.shown.all()
        )
    ]
    RollupMark.objects.using(alias).filter(pk=1).update(
        unchecked=[pk for pk in reported if pk > looked_at[-1].pk] if looked_at else []
    )
    if len(gone) > _MOST_GONE and 2 * len(gone) > len(looked_at):
        logger.error(
            "the files of %d of %d products seem to be gone: is the storage there? "
            "Nothing is left out",
            len(gone),
            len(looked_at),
        )
        return 0
    return (
        PhaseProduct.objects.using(alias)
        .filter(pk__in=gone)
        .update(left_out_at=timezone.now(), left_out_because=FILE_MISSING)
    )
