"""What happens when a host row with a styled picture is saved or deleted."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.apps import apps
from django.core.signals import setting_changed
from django.db import DatabaseError, models, transaction
from django.db.models import signals

from shop_style.exceptions import ShopStyleError
from shop_style.models.storage import is_new_upload
from shop_style.sources import SourceImage, sources, sources_of

logger = logging.getLogger(__name__)

_NAMES = "_shop_style_names"
_CHANGED = "_shop_style_changed"
_connected: list[type[models.Model]] = []


def connect() -> None:
    """Listen to the models of the settings, and again when tests change them."""
    _reconnect()
    setting_changed.connect(_reconnect_on_change, dispatch_uid="shop_style.handlers")


def remember_names(sender: type[models.Model], instance: models.Model, **_: Any) -> None:
    """Keep the file names a row was loaded with. A deferred field is not loaded for it."""
    instance.__dict__[_NAMES] = {
        source.field: str(instance.__dict__[source.field] or "")
        for source in sources_of(sender)
        if source.field in instance.__dict__
    }


def note_changes(
    sender: type[models.Model],
    instance: models.Model,
    raw: bool,
    update_fields: frozenset[str] | None = None,
    **_: Any,
) -> None:
    """Before the save: which styled fields hold another file than the row was loaded with."""
    # A new row was "loaded" with whatever its constructor was given.
    names = {} if instance._state.adding else instance.__dict__.get(_NAMES, {})
    changed = []
    for source in sources_of(sender):
        if raw or source.field not in instance.__dict__:
            continue
        if update_fields is not None and source.field not in update_fields:
            continue
        file = source.file_of(instance)
        # A new upload may come under the name of the old one.
        if is_new_upload(file) or (file.name or "") != names.get(source.field, ""):
            changed.append(source)
    instance.__dict__[_CHANGED] = changed


def follow_changes(sender: type[models.Model], instance: models.Model, **_: Any) -> None:
    """After the save: retire what the old file gave, request what automatic styles want."""
    changed = instance.__dict__.pop(_CHANGED, [])
    for source in changed:
        picture = SourceImage(source, instance)
        # Only once it is committed: a save that was rolled back may be tried again.
        transaction.on_commit(
            partial(_remember, instance, source.field, picture.name), using=picture.database
        )
        try:
            # A savepoint, so that our failure cannot spoil the host's transaction.
            with transaction.atomic(using=picture.database):
                _follow(picture)
        except (ShopStyleError, OSError, DatabaseError):
            logger.exception(
                "%s was saved, but its style variants were not; "
                "run generate_variants --missing once this is fixed",
                picture,
            )


def follow_deletion(
    sender: type[models.Model], instance: models.Model, using: str, **_: Any
) -> None:
    """After a delete: retire the row's variants and remove their files on commit."""
    from shop_style.generation.retire import retire_for_deleted

    try:
        with transaction.atomic(using=using):
            retire_for_deleted(instance, instance.pk, using=using)
    except DatabaseError:
        logger.exception(
            "%s %s was deleted, but its style variants were not retired; run prune_variants",
            sender._meta.label,
            instance.pk,
        )


def _remember(instance: models.Model, field: str, name: str) -> None:
    instance.__dict__.setdefault(_NAMES, {})[field] = name


def _follow(picture: SourceImage) -> None:
    from shop_style.generation.request import request_variants
    from shop_style.generation.retire import retire_for
    from shop_style.models import Style

    if not picture.name:
        retire_for(picture)
        return
    retire_for(picture, keep_digest=picture.digest())
    automatic = list(Style.objects.home().filter(automatic=True))
    if not automatic:
        return
    report = request_variants([picture], automatic, actor="automatic")
    for _name, error in report.refused:
        raise error


def _reconnect(**_: Any) -> None:
    for model in _connected:
        for signal, handler in _PAIRS:
            signal.disconnect(handler, sender=model)
    _connected.clear()
    try:
        concrete = {source.model._meta.concrete_model for source in sources()}
    except ShopStyleError:
        # The system check reports it, with a hint; start-up goes on so that checks can run.
        return
    # Signals are sent with the class that was saved, which may be a proxy of the source's.
    for model in apps.get_models():
        if model._meta.concrete_model not in concrete:
            continue
        for signal, handler in _PAIRS:
            signal.connect(handler, sender=model)
        _connected.append(model)


def _reconnect_on_change(*, setting: str, **_: Any) -> None:
    if setting == "SHOP_STYLE":
        sources.cache_clear()
        _reconnect()


_PAIRS: tuple[tuple[Any, Any], ...] = (
    (signals.post_init, remember_names),
    (signals.pre_save, note_changes),
    (signals.post_save, follow_changes),
    (signals.post_delete, follow_deletion),
)
