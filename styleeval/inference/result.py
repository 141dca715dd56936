"""What an experiment may say: not enough data yet, no difference shown, higher, or lower."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from styleeval.inference.errors import InvalidSummary, TooFewVisitors
from styleeval.inference.ratio import Comparison, checked_alpha, ratio_difference
from styleeval.inference.summary import Summary
from styleeval.sentence import gettext_noop, said


class State(StrEnum):
    """The verdict on the treatment, as a stable word."""

    NOT_ENOUGH_DATA = "not_enough_data"
    NO_DIFFERENCE_SHOWN = "no_difference_shown"
    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True)
class Result:
    """A verdict and the numbers behind it.

    comparison: None exactly when state is not_enough_data, so that no effect is read early.
    reasons: what is missing then, in words; otherwise empty.
    """

    state: State
    comparison: Comparison | None
    reasons: tuple[str, ...] = ()


def compare(
    control: Summary,
    treatment: Summary,
    *,
    alpha: float = 0.05,
    min_visitors: int = 100,
    min_converted: int = 25,
    clicked_visitors: tuple[int, int] | None = None,
) -> Result:
    """Judge a treatment's ratio against the control's, once, when the experiment has ended.

    Enough data is min_visitors visitors and min_converted clicked visitors in each arm.
    clicked_visitors: visitors with a click, (control, treatment). A Summary does not hold them;
    when None, clicks (Σm) are counted in their place, which one eager visitor can supply alone.
    The state is higher or lower when the p-value of the absolute difference is below alpha.
    Data that still leave no variance (see `ratio_difference`) are not enough either. Raises
    OutOfRange for alpha, InvalidSummary for clicked visitors that are not among the visitors.
    Source of both minima: this project's choice for the normal approximation, docs/inference.md.
    """
    checked_alpha(alpha)
    reasons = shortfalls(
        control,
        treatment,
        min_visitors=min_visitors,
        min_converted=min_converted,
        clicked_visitors=clicked_visitors,
    )
    if reasons:
        return Result(State.NOT_ENOUGH_DATA, None, reasons)
    try:
        comparison = ratio_difference(control, treatment, alpha)
    except TooFewVisitors as error:
        return Result(State.NOT_ENOUGH_DATA, None, (str(error),))
    return Result(state_of(comparison, alpha), comparison)


def shortfalls(
    control: Summary,
    treatment: Summary,
    *,
    min_visitors: int,
    min_converted: int,
    clicked_visitors: tuple[int, int] | None,
) -> tuple[str, ...]:
    """What the arms lack to be enough data, in words; see `compare`."""
    arms = {gettext_noop("control"): control, gettext_noop("treatment"): treatment}
    return (
        *_missing_visitors(arms, min_visitors),
        *_missing_conversions(arms, min_converted, clicked_visitors),
    )


def state_of(comparison: Comparison, alpha: float) -> State:
    """The verdict of a comparison's p-value and the sign of its difference."""
    if comparison.p_value >= alpha:
        return State.NO_DIFFERENCE_SHOWN
    return State.HIGHER if comparison.difference.estimate > 0 else State.LOWER


def _missing_visitors(arms: dict[str, Summary], least: int) -> Iterator[str]:
    for name, arm in arms.items():
        if arm.n < least:
            yield said(
                "{which} has {visitors} of {least} visitors",
                which=name,
                visitors=arm.n,
                least=least,
            )


def _missing_conversions(
    arms: dict[str, Summary], least: int, clicked: tuple[int, int] | None
) -> Iterator[str]:
    if clicked is None:
        for name, arm in arms.items():
            if arm.sum_m < least:
                yield said(
                    "{which} has {clicks:g} of {least} clicks",
                    which=name,
                    clicks=arm.sum_m,
                    least=least,
                )
        return
    for (name, arm), count in zip(arms.items(), clicked, strict=True):
        if not 0 <= count <= arm.n:
            raise InvalidSummary(f"{name} has {count} clicked visitors among {arm.n} visitors")
        if count < least:
            yield said(
                "{which} has {count} of {least} clicked visitors",
                which=name,
                count=count,
                least=least,
            )
