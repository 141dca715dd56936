"""Who uses a style, as its page says it: counts with links."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite

from shop_style.admin.links import change_link, list_link
from shop_style.channels.of_style import ChannelCount, channel_counts
from shop_style.exceptions import SettingsError, UnknownEngine
from shop_style.generation.style_use import StyleUse, use_of
from shop_style.models import Experiment, Style, StyleVariant

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class UsesView:
    """variants: address of the list of its variants, empty where that is not registered.
    experiments: each with its address. looked_at: variants that the channels were asked about."""

    use: StyleUse
    variants: str
    experiments: tuple[tuple[Experiment, str], ...]
    channels: tuple[ChannelCount, ...]
    looked_at: int


def uses_view(site: AdminSite, style: Style) -> UsesView:
    """Counts and links; four queries, however much uses it."""
    use = use_of(style)
    address = list_link(site, StyleVariant)
    counts: list[Any] = []
    looked_at = 0
    try:
        counts, looked_at = channel_counts(style)
    except (SettingsError, UnknownEngine):  # check E012 says it
        logger.exception("the channels of style %s cannot be told", style)
    return UsesView(
        use=use,
        variants=f"{address}?style__id__exact={style.pk}" if address else "",
        experiments=tuple(
            (item, change_link(site, Experiment, item.pk)) for item in use.experiments
        ),
        channels=tuple(counts),
        looked_at=looked_at,
    )
