"""Take variants out of service when their picture is replaced or gone."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from shop_style.generation.files import checkpoint_name, remove_on_commit
from shop_style.models import StyleVariant
from shop_style.sources import SourceImage


def retire_for(picture: SourceImage, *, keep_digest: str = "") -> int:
    """Retire a picture's variants, except those made from the bytes of `keep_digest`."""
    rows = StyleVariant.objects.for_objects([picture.instance]).filter(field=picture.source.field)
    return retire(rows.exclude(source_digest=keep_digest))


def retire_for_deleted(instance: models.Model, pk: Any, *, using: str) -> int:
    """Retire all variants of a row that was deleted; its key is passed, Django clears it."""
    kind = ContentType.objects.db_manager(using).get_for_model(type(instance))
    return retire(
        StyleVariant.objects.using(using).filter(
            content_type=kind, object_id=str(pk), database=using
        )
    )


def retire(rows: models.QuerySet[StyleVariant]) -> int:
    """Retire rows and remove their files on commit. A worker that holds one loses it."""
    using = rows.db
    with transaction.atomic(using=using):
        # Superseded variants are retired already, but their files still lie open. Locked, so that
        # a render that ends just now either is seen here or finds its row retired.
        taken = list(rows.exclude(retired_at__isnull=False, image="").select_for_update())
        if not taken:
            return 0
        live = [row for row in taken if row.retired_at is None]
        names = [name for row in taken for name in row.file_names()]
        names += [checkpoint_name(using, row.pk) for row in live]
        now = timezone.now()
        StyleVariant.objects.using(using).filter(pk__in=[row.pk for row in taken]).update(
            retired_at=Coalesce("retired_at", now),
            image="",
            renditions=[],
            original_renditions=[],
            evidence="",
            updated_at=now,
        )
        remove_on_commit(names, using=using)
    return len(live)
