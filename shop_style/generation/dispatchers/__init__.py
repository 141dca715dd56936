"""Who runs a requested variant; chosen by SHOP_STYLE["DISPATCHER"], never guessed."""

from __future__ import annotations

from django.utils.module_loading import import_string

from shop_style.conf import app_settings
from shop_style.exceptions import SettingsError
from shop_style.generation.dispatchers.base import Dispatcher


def get_dispatcher() -> Dispatcher:
    """The configured dispatcher. Raises SettingsError when its path leads nowhere."""
    path = app_settings().DISPATCHER
    try:
        found = import_string(path)
    except ImportError as error:
        raise SettingsError(f"SHOP_STYLE['DISPATCHER'] {path!r}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Dispatcher)):
        raise SettingsError(f"SHOP_STYLE['DISPATCHER'] {path!r} is not a Dispatcher class")
    return found()


__all__ = ["Dispatcher", "get_dispatcher"]
