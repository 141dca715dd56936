"""Where a variant may go, as ChannelSerializer describes it."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

from django.core.files.storage import Storage

from shop_style.channels.admission import Admission, admissions
from shop_style.exceptions import SettingsError
from shop_style.models import StyleVariant

logger = logging.getLogger(__name__)


def channel_bodies(variant: StyleVariant) -> list[dict[str, Any]]:
    """Each channel's answer; none where the policies cannot be used, which check E012 says."""
    try:
        answers = admissions(variant)
    except SettingsError:
        logger.exception("SHOP_STYLE['CHANNELS'] cannot be used; run `manage.py check`")
        return []
    storage = variant.image.storage
    return [
        {
            "channel": answer.channel,
            "label": answer.label,
            "allowed": answer.allowed,
            "reasons": [dataclasses.asdict(reason) for reason in answer.reasons],
            "src": _src(answer, storage),
            "original_src": _src(answer.original, storage),
        }
        for answer in answers
    ]


def _src(answer: Admission | None, storage: Storage) -> str | None:
    if answer is None or answer.rendition is None:
        return None
    try:
        return storage.url(str(answer.rendition["name"]))
    except Exception:  # a storage may raise anything; the rest of the answer holds
        logger.exception("%s has no address", answer.rendition["name"])
        return None
