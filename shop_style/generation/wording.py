"""A gate's reasons in the reader's language: rows keep a code, numbers and English words."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

from django.utils.translation import gettext

from shop_style.models import StyleVariant
from shop_style.words import in_words
from styleeval.preservation.limits import LIMITS

_SENTENCES: Final = {limit.code: limit.text for limit in LIMITS.values()}


def reason_in_words(reason: Mapping[str, Any], variant: StyleVariant) -> str:
    """One of a variant's stored reasons, from its code and numbers where a translation of the
    limit's sentence is installed; else as it was stored."""
    stored = str(reason["text"])
    sentence = _SENTENCES.get(str(reason["code"]), "")
    translated = gettext(sentence) if sentence else ""
    if translated == sentence or reason.get("value") is None:
        return in_words(stored)
    printed = (variant.scorecard or {}).get("text") or {}
    card = SimpleNamespace(text=SimpleNamespace(**printed))
    try:
        return translated.format(value=reason["value"], limit=reason["limit"], card=card)
    except (AttributeError, KeyError, ValueError):  # a row of an older version, a slip in a .po
        return in_words(stored)
