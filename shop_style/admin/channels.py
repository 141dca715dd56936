"""Where a variant may go, as rows of the table on its page."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.core.files.storage import Storage

from shop_style.admin.thumbnails import file_url
from shop_style.channels.admission import Admission, admissions
from shop_style.channels.choice import Rendition
from shop_style.channels.reason import Reason
from shop_style.exceptions import SettingsError
from shop_style.models import Status, StyleVariant

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ChannelRow:
    """One channel's answer. url: of the file to use, empty where there is none or no address."""

    label: str
    slug: str
    allowed: bool
    reasons: tuple[Reason, ...]
    file: Rendition | None
    url: str
    of_original: bool = False


def channel_rows(variant: StyleVariant) -> list[ChannelRow]:
    """A row for each channel, and one more for the original where a channel takes nothing else.

    Empty for a variant that is not ready, and where the policies cannot be used (check E012).
    """
    if variant.status != Status.READY:
        return []
    try:
        answers = admissions(variant)
    except SettingsError:
        logger.exception("SHOP_STYLE['CHANNELS'] cannot be used; run `manage.py check`")
        return []
    storage = variant.image.storage
    rows = []
    for answer in answers:
        rows.append(_row(answer, storage))
        if answer.original is not None:
            rows.append(_row(answer.original, storage, of_original=True))
    return rows


def _row(answer: Admission, storage: Storage, *, of_original: bool = False) -> ChannelRow:
    file = answer.rendition
    return ChannelRow(
        label=answer.label,
        slug=answer.channel,
        allowed=answer.allowed,
        reasons=answer.reasons,
        file=file,
        url=file_url(storage, str(file["name"])) if file else "",
        of_original=of_original,
    )
