"""What an experiment has found so far, as values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from styleeval.inference import Comparison, Interval


@dataclass(frozen=True, kw_only=True)
class ArmReport:
    """One arm. ctr: clicks over viewable impressions with its interval, None without data.

    visitors: with a rendered picture. failed: pictures that did not load; their visitors stay in.
    suspicious: flagged events, kept. flagged_visitors: of `visitors`, those with a flag. mixed:
    visitors who saw two arms, in none of these. tiles: a product and visitor each, where the unit
    is the tile. value: of conversions, in the shop's currency.
    """

    slug: str
    name: str
    is_control: bool
    visitors: int
    clicking_visitors: int
    rendered: int
    viewable: int
    clicks: int
    conversions: int
    value: float
    failed: int
    suspicious: int
    ctr: Interval | None
    flagged_visitors: int = 0
    mixed: int = 0
    tiles: int = 0

    @property
    def clicks_per_visitor(self) -> float | None:
        """Beside the CTR: a rate that rose because fewer pictures were seen is no win."""
        return self.clicks / self.visitors if self.visitors else None


@dataclass(frozen=True, kw_only=True)
class Split:
    """A sample-ratio check. stage: `tokens` (visitors enrolled), `rendered` (visitors seen), or
    `tiles` (a product and visitor each) where the unit is the tile."""

    stage: str
    phase: int
    counts: Mapping[str, int]
    expected: Mapping[str, float]
    p_value: float
    mismatched: bool | None


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One arm against the control. state: of `styleeval.inference.State`."""

    arm: str
    name: str
    state: str
    comparison: Comparison | None


@dataclass(frozen=True, kw_only=True)
class Hour:
    """One arm's hour, for the chart."""

    arm: str
    hour: datetime
    viewable: int
    clicks: int


@dataclass(frozen=True, kw_only=True)
class ExperimentReport:
    """All of it. rolled_up_at: when the totals were brought up to date; waiting: events since.

    excluded: pages shown as originals to visitors who take no part, by why. estimand: what the
    effects are effects of. without_flagged: the effects again without visitors of whom anything
    was flagged; empty where nobody was. visitors_once: in whatever arm, where one may be in
    several; None where nobody is.
    """

    slug: str
    name: str
    hypothesis: str
    placement: str
    state: str
    outcome: str
    planned_visitors: int
    started_at: datetime | None
    ended_at: datetime | None
    rolled_up_at: datetime | None
    waiting: int
    phases: int
    products: int
    left_out: int
    pages: int
    arms: tuple[ArmReport, ...]
    effects: tuple[Effect, ...]
    splits: tuple[Split, ...]
    devices: Mapping[str, tuple[ArmReport, ...]]
    excluded: Mapping[str, int]
    hours: tuple[Hour, ...]
    unit: str = "visitor"
    estimand: str = ""
    without_flagged: tuple[Effect, ...] = ()
    visitors_once: int | None = None

    @property
    def visitors(self) -> int:
        """In all arms, each once."""
        if self.visitors_once is not None:
            return self.visitors_once
        return sum(arm.visitors for arm in self.arms)

    @property
    def is_complete(self) -> bool:
        """Have the planned visitors come, so that the interval means what it says?"""
        return self.visitors >= self.planned_visitors

    @property
    def is_mismatched(self) -> bool:
        """Did an arm not receive the visitors it was promised?"""
        return any(split.mismatched for split in self.splits)

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON has it; intervals are objects of estimate, low, high and alpha."""
        from shop_style.experiments.verdict import verdicts

        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        plain: dict[str, Any] = _plain(values)
        plain["visitors"] = self.visitors
        plain["is_complete"] = self.is_complete
        plain["is_mismatched"] = self.is_mismatched
        plain["verdict"] = verdicts(self)
        return plain


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None
    return value
