"""What a style's limits would have decided on variants that are scored already."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shop_style.generation.recipe import thresholds_of
from shop_style.models import Status, Style, StyleVariant
from shop_style.models.variant import Review
from styleeval.preservation.gate import Thresholds, judge
from styleeval.preservation.limits import LIMITS
from styleeval.preservation.report import Scorecard

MOST: Final = 1000
"""How many scorecards a trial reads, the newest."""

GROUPS: Final = (Review.APPROVED, Review.REJECTED, Review.UNREVIEWED)


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many of a group pass by the saved limits, and by the new ones."""

    group: str
    now: int
    new: int
    of: int


@dataclass(frozen=True, kw_only=True)
class LimitTrial:
    """One limit: its bound now and by the new values (None: not checked), and who passes it.

    name: empty for all limits together, the verdict.
    """

    name: str
    now: float | None
    new: float | None
    shares: tuple[Share, ...]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """scored: variants that were judged. unread: cards of an older version. left_out: older
    variants beyond the newest `MOST`."""

    scored: int
    unread: int
    left_out: int
    verdict: LimitTrial
    limits: tuple[LimitTrial, ...]

    @property
    def flips(self) -> int:
        """How many verdicts would change at the least, over all groups."""
        return sum(abs(share.new - share.now) for share in self.verdict.shares)


@dataclass(frozen=True, kw_only=True)
class _Scored:
    group: str
    region: str | None
    card: Scorecard


def try_thresholds(saved: Style, changed: Style) -> Trial:
    """Hold the stored scorecards of a style to its saved limits and to those of `changed`.

    Nothing is rendered or scored. Two queries. A limit that a scorecard has no number for does
    not stop it, as in the gate. Raises UnknownEngine, KeyError for an unknown mode and TypeError
    for an unknown threshold; `Style.clean` says each at its field.
    """
    scored, unread, left_out = _scored(saved)
    regions = {item.region for item in scored} | {None}
    now = {region: thresholds_of(saved, region) for region in regions}
    new = {region: thresholds_of(changed, region) for region in regions}
    verdicts = LimitTrial(
        name="",
        now=None,
        new=None,
        shares=_shares((item.group, _passes(item, now), _passes(item, new)) for item in scored),
    )
    return Trial(
        scored=len(scored),
        unread=unread,
        left_out=left_out,
        verdict=verdicts,
        limits=tuple(_limit_trials(scored, now, new)),
    )


def _scored(style: Style) -> tuple[list[_Scored], int, int]:
    rows = StyleVariant.objects.using(style._state.db).filter(
        style=style, status=Status.READY, scorecard__isnull=False
    )
    columns = rows.order_by("-pk").values_list("review", "overrides", "scorecard")
    found: list[_Scored] = []
    unread = 0
    for review, overrides, card in columns[:MOST]:
        try:
            read = Scorecard.from_dict(card)
        except (ValueError, KeyError, TypeError):  # a card of another version of the schema
            unread += 1
            continue
        found.append(_Scored(group=review, region=(overrides or {}).get("region"), card=read))
    full = len(found) + unread == MOST
    return found, unread, rows.count() - MOST if full else 0


def _passes(item: _Scored, limits: Mapping[str | None, Thresholds]) -> bool:
    return judge(item.card, limits[item.region]).passed


def _limit_trials(
    scored: list[_Scored],
    now: Mapping[str | None, Thresholds],
    new: Mapping[str | None, Thresholds],
) -> Iterable[LimitTrial]:
    for name in (item.name for item in dataclasses.fields(Thresholds)):
        sides = (now, new)
        if all(getattr(side[None], name) is None for side in sides):
            continue
        marks = (
            (item.group, *(_holds(name, item, getattr(side[item.region], name)) for side in sides))
            for item in scored
        )
        yield LimitTrial(
            name=name,
            now=getattr(now[None], name),
            new=getattr(new[None], name),
            shares=_shares(marks),
        )


def _holds(name: str, item: _Scored, bound: float | None) -> bool:
    value = LIMITS[name].value(item.card)
    return bound is None or value is None or LIMITS[name].holds(value, bound)


def _shares(marks: Iterable[tuple[Any, ...]]) -> tuple[Share, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    for group, now, new in marks:
        counts[group, "of"] += 1
        counts[group, "now"] += now
        counts[group, "new"] += new
    return tuple(
        Share(
            group=str(group),
            now=counts[group, "now"],
            new=counts[group, "new"],
            of=counts[group, "of"],
        )
        for group in GROUPS
    )
