"""What a placement is asked for, read without a serializer where nothing in it needs one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from shop_style.api.serializers import MOST_OBJECTS, PlacementRequestSerializer

# Printable ASCII without a space: what the serializer's fields would neither trim nor refuse.
_NAME: Final = re.compile(r"[!-~]{1,300}")
_OPTIONS: Final = {
    "placement": re.compile(r"[-a-zA-Z0-9_]{0,60}"),
    "visitor": re.compile(r"[!-~]{0,4096}"),
    "preview": re.compile(r"[!-~]{0,300}"),
}


def asked(data: Any) -> Mapping[str, Any]:
    """The values of a request's body, as PlacementRequestSerializer has them.

    Raises its ValidationError, whose words are the only ones that a caller is given.
    """
    plain = _plain(data)
    if plain is not None:
        return plain
    body = PlacementRequestSerializer(data=data)
    body.is_valid(raise_exception=True)
    values: Mapping[str, Any] = body.validated_data
    return values


def _plain(data: Any) -> Mapping[str, Any] | None:
    """The values that the serializer would give back as they are; None: let it say so itself."""
    names = data.get("objects") if type(data) is dict else None
    if type(names) is not list or not 0 < len(names) <= MOST_OBJECTS:
        return None
    if set(map(type, names)) != {str} or not all(map(_NAME.fullmatch, names)):
        return None
    found: dict[str, Any] = {"objects": names}
    for key, pattern in _OPTIONS.items():
        text = data.get(key, "")
        if type(text) is not str or not pattern.fullmatch(text):
            return None
        found[key] = text
    return found
