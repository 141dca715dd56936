"""The one rule by which an experiment is judged, so that alpha is spent once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from styleeval.inference.cuped import CupedStratum, CupedSummary, stratified_cuped_rates
from styleeval.inference.errors import TooFewVisitors
from styleeval.inference.paired import PairedSummary, paired_rates
from styleeval.inference.ratio import Comparison, Rates, checked_alpha, comparison_of
from styleeval.inference.result import State, shortfalls, state_of
from styleeval.inference.sequential import checked_plan, sequence_of
from styleeval.inference.spending import alpha_at_end
from styleeval.inference.strata import Stratum, added_up, stratified_ratios
from styleeval.inference.summary import Summary
from styleeval.sentence import said

OVERRUN = 1.1
"""Visitors over planned beyond which the end was not the declared one: about a day of two weeks.

Who waits for the best moment up to there is wrong in 7 % of equal arms (docs/inference.md).
"""


class Basis(StrEnum):
    """What decided, as a stable word."""

    SEQUENCE = "sequence"
    FIXED_HORIZON = "fixed_horizon"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A state and the one comparison it rests on.

    comparison: the confidence sequence while the experiment runs, the fixed-horizon interval at the
    declared end; None exactly when state is not_enough_data. level: what its p-value
    is held to and its intervals are drawn at. sequence: the confidence sequence in either case, for
    a chart over time. reasons: in words, what is missing, or why the end was not the declared one.
    """

    state: State
    basis: Basis
    level: float
    comparison: Comparison | None
    sequence: Comparison | None
    reasons: tuple[str, ...] = ()


def judge(
    control: Summary,
    treatment: Summary,
    *,
    planned: int,
    ended: bool = False,
    scheduled: bool = False,
    alpha: float = 0.05,
    min_visitors: int = 100,
    min_converted: int = 25,
    clicked_visitors: tuple[int, int] | None = None,
) -> Verdict:
    """Judge a treatment's ratio against the control's, at any moment, as often as one likes.

    planned: visitors planned for both arms together, fixed before the start. While the experiment
    runs, and after a stop by hand, the confidence sequence at alpha decides. At the declared end
    (ended, with the planned visitors there and not more than OVERRUN times as many, or with
    scheduled: the end's date was fixed before the start) a fixed-horizon test decides, at the level
    the sequence has left (`alpha_at_end`, 0.0417 of 0.05). So without an effect any look or the end
    says higher or lower with a chance of alpha in all. Several treatments: alpha over their number.
    Enough data, and what is raised: as `compare`, and OutOfRange for planned below 1.
    """
    return judge_strata(
        [(control, treatment)],
        planned=planned,
        ended=ended,
        scheduled=scheduled,
        alpha=alpha,
        min_visitors=min_visitors,
        min_converted=min_converted,
        clicked_visitors=clicked_visitors,
    )


def judge_strata(
    strata: Sequence[Stratum],
    *,
    planned: int,
    ended: bool = False,
    scheduled: bool = False,
    alpha: float = 0.05,
    min_visitors: int = 100,
    min_converted: int = 25,
    clicked_visitors: tuple[int, int] | None = None,
    sizes: Sequence[float] | None = None,
) -> Verdict:
    """As `judge`, over phases, averaged as `stratified_difference` does.

    sizes: visitors of each phase in all arms; see `stratified_rates` for when it matters.
    """
    return _judged(
        added_up(strata),
        lambda: stratified_ratios(strata, sizes=sizes),
        _Plan(visitors=planned, ended=ended, scheduled=scheduled, alpha=alpha),
        min_visitors=min_visitors,
        min_converted=min_converted,
        clicked_visitors=clicked_visitors,
    )


def judge_paired(
    strata: Sequence[PairedSummary],
    *,
    planned: int,
    ended: bool = False,
    scheduled: bool = False,
    alpha: float = 0.05,
    min_visitors: int = 100,
    min_converted: int = 25,
    clicked_visitors: tuple[int, int] | None = None,
) -> Verdict:
    """As `judge`, where visitors may be in both arms: each tile of a page was drawn by itself.

    planned: visitors in either arm, each once.
    """
    arms = added_up([(item.control, item.treatment) for item in strata])
    return _judged(
        arms,
        lambda: paired_rates(strata),
        _Plan(visitors=planned, ended=ended, scheduled=scheduled, alpha=alpha),
        min_visitors=min_visitors,
        min_converted=min_converted,
        clicked_visitors=clicked_visitors,
        visitors=sum(item.n for item in strata),
    )


def judge_cuped(
    control: CupedSummary,
    treatment: CupedSummary,
    *,
    planned: int,
    ended: bool = False,
    scheduled: bool = False,
    alpha: float = 0.05,
    min_visitors: int = 100,
    min_converted: int = 25,
    clicked_visitors: tuple[int, int] | None = None,
) -> Verdict:
    """As `judge`, of the rates that `cuped_difference` adjusts; see there when that is allowed.

    In place of `judge`, chosen before the start: the better of two verdicts spends alpha twice.
    """
    return judge_cuped_strata(
        [(control, treatment)],
        planned=planned,
        ended=ended,
        scheduled=scheduled,
        alpha=alpha,
        min_visitors=min_visitors,
        min_converted=min_converted,
        clicked_visitors=clicked_visitors,
    )


def judge_cuped_strata(
    strata: Sequence[CupedStratum],
    *,
    planned: int,
    ended: bool = False,
    scheduled: bool = False,
    alpha: float = 0.05,
    min_visitors: int = 100,
    min_converted: int = 25,
    clicked_visitors: tuple[int, int] | None = None,
    sizes: Sequence[float] | None = None,
) -> Verdict:
    """As `judge_cuped`, over phases, averaged as `judge_strata` does."""
    return _judged(
        added_up([(control.outcome, treatment.outcome) for control, treatment in strata]),
        lambda: stratified_cuped_rates(strata, sizes=sizes),
        _Plan(visitors=planned, ended=ended, scheduled=scheduled, alpha=alpha),
        min_visitors=min_visitors,
        min_converted=min_converted,
        clicked_visitors=clicked_visitors,
    )


@dataclass(frozen=True, kw_only=True)
class _Plan:
    visitors: int
    ended: bool
    scheduled: bool
    alpha: float

    def __post_init__(self) -> None:
        checked_alpha(self.alpha)
        checked_plan(self.visitors)

    def doubts(self, visitors: int) -> tuple[str, ...]:
        """Why an end is not the declared one, so that the sequence goes on deciding."""
        if not self.ended or self.scheduled:
            return ()
        if visitors < self.visitors:
            return (
                said(
                    "ended with {visitors} of {planned} planned visitors, on no date set in "
                    "advance",
                    visitors=visitors,
                    planned=self.visitors,
                ),
            )
        if visitors > OVERRUN * self.visitors:
            return (
                said(
                    "ended with {visitors} visitors, more than {times} times the {planned} planned",
                    visitors=visitors,
                    times=OVERRUN,
                    planned=self.visitors,
                ),
            )
        return ()


def _judged(
    arms: Stratum,
    rates: Callable[[], Rates],
    plan: _Plan,
    *,
    min_visitors: int,
    min_converted: int,
    clicked_visitors: tuple[int, int] | None,
    visitors: int | None = None,
) -> Verdict:
    doubts = plan.doubts(arms[0].n + arms[1].n if visitors is None else visitors)
    basis = Basis.FIXED_HORIZON if plan.ended and not doubts else Basis.SEQUENCE
    missing = shortfalls(
        *arms,
        min_visitors=min_visitors,
        min_converted=min_converted,
        clicked_visitors=clicked_visitors,
    )
    if not missing:
        try:
            return _verdict(rates(), basis, plan, doubts)
        except TooFewVisitors as error:
            missing = (str(error),)
    return Verdict(
        state=State.NOT_ENOUGH_DATA,
        basis=basis,
        level=plan.alpha,
        comparison=None,
        sequence=None,
        reasons=missing,
    )


def _verdict(rates: Rates, basis: Basis, plan: _Plan, reasons: tuple[str, ...]) -> Verdict:
    sequence = sequence_of(rates, planned=plan.visitors, alpha=plan.alpha)
    level, comparison = plan.alpha, sequence
    if basis is Basis.FIXED_HORIZON:
        level = alpha_at_end(plan.alpha, rates.visitors / plan.visitors)
        comparison = comparison_of(rates, level)
    return Verdict(
        state=state_of(comparison, level),
        basis=basis,
        level=level,
        comparison=comparison,
        sequence=sequence,
        reasons=reasons,
    )
