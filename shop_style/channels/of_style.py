"""Which channels the published variants of a style may go to, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from shop_style.channels.admission import admission
from shop_style.channels.configuration import policies
from shop_style.models import Style, StyleVariant

LOOKED_AT: Final = 200
"""How many published variants are asked about, the newest: each costs each channel's rules."""


@dataclass(frozen=True, kw_only=True)
class ChannelCount:
    """A channel, and how many of the variants that were looked at it takes."""

    slug: str
    label: str
    takes: int


def channel_counts(style: Style) -> tuple[list[ChannelCount], int]:
    """Each channel with its count, and how many variants were looked at. One query.

    Raises SettingsError where the policies cannot be used.
    """
    published = StyleVariant.objects.using(style._state.db).filter(style=style).published()
    rows = list(published.select_related("style").order_by("-published_at")[:LOOKED_AT])
    known = policies()
    taken = Counter(
        slug for slug, policy in known.items() for row in rows if admission(row, policy).allowed
    )
    counts = [
        ChannelCount(slug=slug, label=str(policy.label), takes=taken[slug])
        for slug, policy in known.items()
    ]
    return counts, len(rows)
