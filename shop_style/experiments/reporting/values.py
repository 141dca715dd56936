"""What an experiment has found so far, as values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from shop_style.experiments.reporting.baseline import BaselineReport
    from shop_style.experiments.reporting.fidelity import Fidelity
    from shop_style.experiments.reporting.products import StyleProducts
    from styleeval.inference import Comparison, Interval, Posterior

GREEN: Final = "green"
AMBER: Final = "amber"
RED: Final = "red"
OPEN: Final = "open"
"""Lights of a check: fine, look at it, do not decide by this result, too few to say."""


@dataclass(frozen=True, kw_only=True)
class ArmReport:
    """One arm. ctr: clicks over viewable impressions with its interval, None without data.

    enrolled: visitors who were given a page of it; visitors: with a rendered picture; viewing:
    with one in view. flagged_visitors: of `visitors`, those with a flag. mixed: visitors who saw
    two arms, in none of these. tiles: a product and visitor each, where the unit is the tile.
    failed: pictures that did not load; their visitors stay in. suspicious: flagged events, kept.
    repeated: reports of what was counted already. value: of conversions, in the shop's currency.
    """

    slug: str
    name: str
    is_control: bool
    enrolled: int
    visitors: int
    viewing_visitors: int
    clicking_visitors: int
    failing_visitors: int
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
    repeated: int = 0

    @property
    def clicks_per_visitor(self) -> float | None:
        """Beside the CTR: a rate that rose because fewer pictures were seen is no win."""
        return self.clicks / self.visitors if self.visitors else None

    @property
    def conversions_per_click(self) -> float | None:
        """What clicks are worth; falling while the CTR rises, the picture promises too much."""
        return self.conversions / self.clicks if self.clicks else None


@dataclass(frozen=True, kw_only=True)
class Split:
    """A sample-ratio check. stage: `tokens` (visitors enrolled), `rendered`, `viewable`, or
    `tiles` where each tile was drawn. phase: its number; None is all of them, each held to its own
    weights, which alone decides: the more phases are looked at, the sooner one is off by chance."""

    stage: str
    phase: int | None
    counts: Mapping[str, int]
    expected: Mapping[str, float]
    p_value: float
    mismatched: bool | None


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A lift as it stood at a day's end, with the interval that holds however often one looks."""

    day: date
    visitors: int
    lift: Interval


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One arm against the control. state: of `styleeval.inference.State`.

    basis: `sequence` (always valid) or `fixed_horizon` (at the declared end); level: what its
    p-value is held to. per_visitor: clicks per visitor, on the same footing. reasons: what is
    missing, or why the end was not the declared one. course: day by day. as_of: the day on which
    the planned visitors had come, where more came since that the reading leaves out.

    analysis: what was declared to decide, `plain` or `cuped`; beside: the other one, on the same
    footing, which decides nothing; variance_kept: of the plain one's, by CUPED; balance: the arms'
    CTR in the baseline, in which they were alike. None without a baseline. fault: code of what is
    wrong with the sums; empty is nothing.
    """

    arm: str
    name: str
    state: str
    basis: str = "sequence"
    level: float = 0.05
    comparison: Comparison | None = None
    per_visitor: Comparison | None = None
    posterior: Posterior | None = None
    reasons: tuple[str, ...] = ()
    course: tuple[Moment, ...] = ()
    as_of: date | None = None
    analysis: str = "plain"
    beside: Comparison | None = None
    variance_kept: float | None = None
    balance: Comparison | None = None
    fault: str = ""

    @property
    def is_final(self) -> bool:
        """Is it the one reading at the declared end?"""
        return self.basis == "fixed_horizon"

    @property
    def is_decided(self) -> bool:
        """Does it say more or fewer clicks?"""
        return self.state in ("higher", "lower")


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One arm against the control among some visitors or places.

    kind: `device` or `position`. ctr, control_ctr: clicks over viewable impressions, None without
    any. basis: of the comparison: `sequence` holds however often one looks, `fixed_horizon` is
    there from the end on, for one look. p_holm, p_bh: of that, corrected for all segments; None
    while there are too few, and before the end. fault: as of an effect.
    """

    kind: str
    name: str
    arm: str
    visitors: int
    ctr: float | None
    control_ctr: float | None
    comparison: Comparison | None
    p_holm: float | None = None
    p_bh: float | None = None
    basis: str = "fixed_horizon"
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """Whether a result may be trusted in one respect. name: stable; arm: empty is all of them.

    finding: what was seen, with numbers; advice: what to do, where something is to be done.
    """

    name: str
    light: str
    title: str
    finding: str
    advice: str = ""
    arm: str = ""


@dataclass(frozen=True, kw_only=True)
class Hour:
    """One arm's hour in one phase, for the chart."""

    arm: str
    hour: datetime
    viewable: int
    clicks: int
    phase: int = 1


@dataclass(frozen=True, kw_only=True)
class ExperimentReport:
    """All of it. rolled_up_at: when the totals were brought up to date; waiting: events since.

    is_final: its end has come, and no visitor is added. excluded: pages shown as originals to
    visitors who take no part, by why; left_out: products out of every arm, by why. unit, estimand:
    what was drawn, and what the effects are effects of. without_flagged: the effects without
    visitors of whom anything was flagged. visitors_once: in any arm, where one is in several.
    phases, arms, effects and the rest are of the test; baseline: what went before it, if anything.
    """

    slug: str
    name: str
    hypothesis: str
    placement: str
    state: str
    paused_because: str
    outcome: str
    shipped_arm: str
    planned_visitors: int
    started_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    rolled_up_at: datetime | None
    waiting: int
    phases: int
    products: int
    left_out: Mapping[str, int]
    pages: int
    arms: tuple[ArmReport, ...]
    effects: tuple[Effect, ...]
    splits: tuple[Split, ...]
    segments: tuple[Segment, ...]
    checks: tuple[Check, ...]
    by_product: tuple[StyleProducts, ...]
    fidelity: tuple[Fidelity, ...]
    excluded: Mapping[str, int]
    hours: tuple[Hour, ...]
    unit: str = "visitor"
    estimand: str = ""
    without_flagged: tuple[Effect, ...] = ()
    visitors_once: int | None = None
    baseline: BaselineReport | None = None

    @property
    def visitors(self) -> int:
        """In all arms, each once."""
        if self.visitors_once is not None:
            return self.visitors_once
        return sum(arm.visitors for arm in self.arms)

    @property
    def is_complete(self) -> bool:
        """Have the planned visitors come?"""
        return self.visitors >= self.planned_visitors

    @property
    def is_final(self) -> bool:
        """Has its end come, so that no visitor is added any more?"""
        return self.state == "finished" or self.paused_because == "end_due"

    @property
    def is_mismatched(self) -> bool:
        """Did an arm not receive the visitors it was promised?"""
        whole = (split for split in self.splits if split.phase is None)
        return any(split.mismatched for split in whole if split.stage != "viewable")

    @property
    def worst_light(self) -> str:
        """Of all checks: red, amber or green."""
        lights = {check.light for check in self.checks}
        return next((light for light in (RED, AMBER) if light in lights), GREEN)

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON has it; intervals are objects of estimate, low, high and alpha."""
        from shop_style.experiments.reporting.verdict import remarks, verdict

        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        plain: dict[str, Any] = _plain(values)
        plain["visitors"] = self.visitors
        plain["is_complete"] = self.is_complete
        plain["is_final"] = self.is_final
        plain["is_mismatched"] = self.is_mismatched
        plain["verdict"] = verdict(self)
        plain["remarks"] = remarks(self)
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
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
