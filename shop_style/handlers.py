"""What happens when a host row with a styled picture is saved or deleted."""

from __future__ import annotations

import logging
from functools import cache, partial
from typing import Any

from django.apps import apps
from django.contrib.auth.signals import user_logged_in
from django.core.signals import setting_changed
from django.db import DatabaseError, models, transaction
from django.db.models import signals

from shop_style.exceptions import ShopStyleError
from shop_style.models.storage import is_new_upload
from shop_style.sources import Source, SourceImage, mask_fields, sources, sources_of

logger = logging.getLogger(__name__)

_NAMES = "_shop_style_names"
_CHANGED = "_shop_style_changed"
_connected: list[type[models.Model]] = []


def connect() -> None:
    """Listen to the models of the settings, and again when tests change them."""
    from shop_style.experiments.login import on_login
    from shop_style.models import PictureGuide

    _reconnect()
    user_logged_in.connect(on_login, dispatch_uid="shop_style.handlers.logins")
    setting_changed.connect(_reconnect_on_change, dispatch_uid="shop_style.handlers")
    signals.post_delete.connect(
        remove_mask, sender=PictureGuide, dispatch_uid="shop_style.handlers.guides"
    )


def remember_names(sender: type[models.Model], instance: models.Model, **_: Any) -> None:
    """Keep the file names a row was loaded with. A deferred field is not loaded for it."""
    columns = instance.__dict__
    columns[_NAMES] = {
        name: str(columns[name] or "") for name in _watched_names(sender) if name in columns
    }


def note_changes(
    sender: type[models.Model],
    instance: models.Model,
    raw: bool,
    update_fields: frozenset[str] | None = None,
    **_: Any,
) -> None:
    """Before the save: which watched fields hold another file than the row was loaded with."""
    # A new row was "loaded" with whatever its constructor was given.
    names = {} if instance._state.adding else instance.__dict__.get(_NAMES, {})
    changed = []
    for field, source in _watched(sender):
        if raw or field.field not in instance.__dict__:
            continue
        if update_fields is not None and field.field not in update_fields:
            continue
        file = field.file_of(instance)
        before = names.get(field.field, "")
        # A new upload may come under the name of the old one.
        if is_new_upload(file) or (file.name or "") != before:
            changed.append((field, source, before))
    instance.__dict__[_CHANGED] = changed


def follow_changes(sender: type[models.Model], instance: models.Model, **_: Any) -> None:
    """After the save: retire what the old file gave, request what automatic styles want, and ask
    anew where only the shop's own mask is another."""
    changed = instance.__dict__.pop(_CHANGED, [])
    replaced = {source for field, source, _before in changed if field == source}
    for field, source, before in changed:
        picture = SourceImage(source, instance)
        name = SourceImage(field, instance).name
        # Only once it is committed: a save that was rolled back may be tried again.
        transaction.on_commit(
            partial(_remember, instance, field.field, name), using=picture.database
        )
        if field != source and source in replaced:
            continue
        follow = partial(_follow, picture, before) if field == source else partial(_renew, picture)
        try:
            # A savepoint, so that our failure cannot spoil the host's transaction.
            with transaction.atomic(using=picture.database):
                follow()
        except (ShopStyleError, OSError, DatabaseError):
            logger.exception(
                "%s was saved, but its style variants were not; "
                "run generate_variants --missing once this is fixed",
                picture,
            )


def follow_deletion(
    sender: type[models.Model], instance: models.Model, using: str, **_: Any
) -> None:
    """After a delete: retire the row's variants, and remove their and its guides' files on
    commit."""
    from shop_style.generation.guides import remove_for_deleted
    from shop_style.generation.retire import retire_for_deleted

    try:
        with transaction.atomic(using=using):
            retire_for_deleted(instance, instance.pk, using=using)
            remove_for_deleted(instance, instance.pk, using=using)
    except DatabaseError:
        logger.exception(
            "%s %s was deleted, but its style variants were not retired; run prune_variants",
            sender._meta.label,
            instance.pk,
        )


def remove_mask(instance: Any, using: str, **_: Any) -> None:
    """After a guide is gone, however it went: its file goes on commit."""
    from shop_style.generation.files import remove_on_commit

    remove_on_commit([instance.mask.name] if instance.mask else [], using=using)


def _watched(sender: type[models.Model]) -> list[tuple[Source, Source]]:
    """Each field of a model whose file matters, with the source that it matters to."""
    own = sources_of(sender)
    try:
        masks = mask_fields()
    except ShopStyleError:
        masks = {}  # check E013 says it, and hosts must be able to save
    return [(source, source) for source in own] + [
        (masks[source], source) for source in own if source in masks
    ]


@cache
def _watched_names(sender: type[models.Model]) -> tuple[str, ...]:
    """The names of those fields. Every row that a host loads asks for them."""
    return tuple({file.field for file, _source in _watched(sender)})


def _remember(instance: models.Model, field: str, name: str) -> None:
    instance.__dict__.setdefault(_NAMES, {})[field] = name


def _renew(picture: SourceImage) -> None:
    from shop_style.generation.guides import follow_own_mask

    for _name, error in follow_own_mask(picture).refused:
        raise error


def _follow(picture: SourceImage, before: str) -> None:
    from shop_style.generation.guides import forget_replaced
    from shop_style.generation.request import request_variants
    from shop_style.generation.retire import retire_for
    from shop_style.models import Style

    forget_replaced(picture, before=before)
    if not picture.name:
        retire_for(picture)
        return
    retire_for(picture, keep_digest=picture.digest())
    automatic = list(Style.objects.home().offered().filter(automatic=True))
    if not automatic:
        return
    report = request_variants([picture], automatic, actor="automatic")
    for _name, error in report.refused:
        raise error


def _reconnect(**_: Any) -> None:
    _watched_names.cache_clear()
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
        mask_fields.cache_clear()
        _reconnect()


_PAIRS: tuple[tuple[Any, Any], ...] = (
    (signals.post_init, remember_names),
    (signals.pre_save, note_changes),
    (signals.post_save, follow_changes),
    (signals.post_delete, follow_deletion),
)
