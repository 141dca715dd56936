"""One rule: the sequence while running, one test at the declared end, alpha once in all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from styleeval.inference import (
    Basis,
    State,
    Summary,
    alpha_at_end,
    alpha_spent,
    cuped_difference,
    cuped_rates,
    judge,
    judge_cuped,
    judge_strata,
    ratio_difference,
    sequence_of,
    sequential_difference,
    stratified_difference,
)
from styleeval.inference.errors import InvalidSummary, OutOfRange
from styleeval.inference.spending import boundary, tuned_time
from styleeval.inference.verdict import OVERRUN
from tests.styleeval.oracles import cuped, regulars, summary

SHOWN = (State.HIGHER, State.LOWER)
FEW, MANY = summary(2000, 1, appeal=0.8), summary(2000, 2)
LIKE = summary(2000, 3, appeal=0.8)


def test_while_running_the_sequence_decides() -> None:
    running = judge(FEW, MANY, planned=4000)
    assert running.basis is Basis.SEQUENCE
    assert running.comparison == sequential_difference(FEW, MANY, planned=4000) == running.sequence
    assert (running.state, running.level, running.reasons) == (State.HIGHER, 0.05, ())
    assert judge(MANY, FEW, planned=4000).state is State.LOWER
    assert judge(FEW, LIKE, planned=4000).state is State.NO_DIFFERENCE_SHOWN


def test_at_the_declared_end_one_test_decides_at_what_is_left() -> None:
    ended = judge(FEW, MANY, planned=4000, ended=True)
    assert ended.basis is Basis.FIXED_HORIZON
    assert ended.level == alpha_at_end(0.05)
    assert ended.comparison == ratio_difference(FEW, MANY, ended.level)
    assert ended.sequence == sequential_difference(FEW, MANY, planned=4000)


def clicked(count: int) -> Summary:
    """Two thousand visitors with four impressions each, `count` of whom click once."""
    return Summary.of((np.arange(2000) < count).astype(float), np.full(2000, 4))


def test_a_difference_that_only_the_end_may_show() -> None:
    # 2.5 standard errors; the sequence asks for 3.04 at the plan, the end for 2.04.
    arms = clicked(250), clicked(200)
    running, ended = (judge(*arms, planned=4000, ended=end) for end in (False, True))
    assert running.state is State.NO_DIFFERENCE_SHOWN
    assert ended.state is State.LOWER


def test_a_p_between_what_is_left_and_alpha_shows_nothing() -> None:
    """A plain test at 5 % after twenty looks would spend alpha twice."""
    arms = clicked(200), clicked(240)
    assert alpha_at_end(0.05) < ratio_difference(*arms).p_value < 0.05
    assert judge(*arms, planned=4000, ended=True).state is State.NO_DIFFERENCE_SHOWN


@pytest.mark.parametrize(
    ("planned", "reason"),
    [(4001, "4000 of 4001 planned visitors"), (3600, "more than 1.1 times the 3600 planned")],
)
def test_another_end_than_the_declared_one_leaves_it_to_the_sequence(
    planned: int, reason: str
) -> None:
    early = judge(FEW, MANY, planned=planned, ended=True)
    assert early.basis is Basis.SEQUENCE
    assert early.comparison == sequential_difference(FEW, MANY, planned=planned)
    assert reason in early.reasons[0]
    # A date set before the start is a declared end, whoever came.
    dated = judge(FEW, MANY, planned=planned, ended=True, scheduled=True)
    assert (dated.basis, dated.reasons) == (Basis.FIXED_HORIZON, ())
    assert dated.level == pytest.approx(alpha_at_end(0.05, 4000 / planned), abs=1e-12)


def test_phases_are_averaged_at_every_moment() -> None:
    phases = [(FEW, MANY), (summary(500, 7), summary(1500, 8))]
    ended = judge_strata(phases, planned=6000, ended=True)
    assert ended.comparison == stratified_difference(phases, ended.level)
    assert judge_strata(phases, planned=6000).basis is Basis.SEQUENCE
    assert judge_strata(phases[:1], planned=4000) == judge(FEW, MANY, planned=4000)


def test_adjusted_rates_are_judged_alike() -> None:
    arms = cuped(regulars(2000, 1)), cuped(regulars(2000, 2, appeal=0.93))
    running, ended = (judge_cuped(*arms, planned=4000, ended=end) for end in (False, True))
    assert running.comparison == sequence_of(cuped_rates(*arms), planned=4000)
    assert ended.comparison == cuped_difference(*arms, ended.level).comparison
    assert (ended.basis, ended.level) == (Basis.FIXED_HORIZON, alpha_at_end(0.05))
    plain = judge(arms[0].outcome, arms[1].outcome, planned=4000)
    assert (plain.state, running.state) == (State.NO_DIFFERENCE_SHOWN, State.LOWER)
    few = judge_cuped(arms[0], cuped(regulars(50, 3)), planned=4000)
    assert few.state is State.NOT_ENOUGH_DATA and few.comparison is None


@pytest.mark.parametrize("ended", [False, True])
def test_too_little_is_a_state_and_no_number(ended: bool) -> None:
    found = judge(summary(99, 1), MANY, planned=2000, ended=ended, scheduled=True)
    assert found.state is State.NOT_ENOUGH_DATA
    assert found.comparison is found.sequence is None
    assert found.reasons[0] == "control has 99 of 100 visitors"
    silent = Summary.of(np.zeros(500), np.ones(500))
    none = judge(silent, silent, planned=1000, ended=ended, min_converted=0)
    assert none.state is State.NOT_ENOUGH_DATA and none.comparison is None
    assert "nothing to go by" in none.reasons[0]
    assert judge_strata([], planned=1000, ended=ended).state is State.NOT_ENOUGH_DATA


def test_clicked_visitors_count_for_the_minimum() -> None:
    few = judge(FEW, MANY, planned=4000, clicked_visitors=(24, 900))
    assert few.reasons == ("control has 24 of 25 clicked visitors",)
    with pytest.raises(InvalidSummary):
        judge(FEW, MANY, planned=4000, clicked_visitors=(2001, 900))


@pytest.mark.parametrize(
    "wrong", [{"planned": 0}, {"planned": 1000, "alpha": 0.0}, {"planned": 1000, "alpha": 1.0}]
)
def test_refuses_settings_out_of_range(wrong: dict[str, float]) -> None:
    with pytest.raises(OutOfRange):
        judge(FEW, MANY, **wrong)  # type: ignore[arg-type]


def test_what_is_left_adds_up_to_alpha() -> None:
    """Brownian paths without an effect: crossed before, or rejected at the end."""
    rng = np.random.default_rng(5)
    paths, looks = 20_000, 800
    for alpha, fraction in ((0.05, 1.0), (0.1, 0.6)):
        end = tuned_time(alpha) * fraction
        place, crossed = np.zeros(paths), np.zeros(paths, bool)
        for time in np.arange(1, looks + 1) * end / looks:
            place += rng.normal(0, math.sqrt(end / looks), paths)
            crossed |= np.abs(place) >= math.sqrt(time) * boundary(time, alpha)
        z = np.abs(place) / math.sqrt(end)
        rejected = np.array([math.erfc(it / math.sqrt(2)) for it in z])
        rejected = rejected < alpha_at_end(alpha, fraction)
        # Three standard errors are 0.0046 and 0.0064; 800 looks miss a little of "every moment".
        assert crossed.mean() == pytest.approx(alpha_spent(alpha, fraction), abs=0.0064)
        assert (crossed | rejected).mean() == pytest.approx(alpha, abs=0.0064)


def test_who_waits_for_the_best_moment_after_the_plan_is_wrong_more_often() -> None:
    """Hence OVERRUN: the level of the end is for an end that does not depend on what was seen."""
    rng = np.random.default_rng(6)
    paths, looks = 20_000, 600
    plan = tuned_time(0.05)
    place, wrong = np.zeros(paths), np.zeros(paths, bool)
    for time in np.arange(1, looks + 1) * OVERRUN * plan / looks:
        place += rng.normal(0, math.sqrt(OVERRUN * plan / looks), paths)
        z = np.abs(place) / math.sqrt(time)
        wrong |= z >= boundary(time, 0.05)
        if time >= plan:
            wrong |= z >= stats.norm.isf(alpha_at_end(0.05, round(time / plan, 2)) / 2)
    print(f"equal arms, the best moment up to {OVERRUN} times the plan: {wrong.mean():.2%}")
    assert 0.055 < wrong.mean() < 0.08


def test_the_later_the_less_is_left() -> None:
    fractions = (0.1, 0.25, 0.5, 1.0, 1.25, 2.0, 10.0)
    left = [alpha_at_end(0.05, fraction) for fraction in fractions]
    spent = [alpha_spent(0.05, fraction) for fraction in fractions]
    assert left == sorted(left, reverse=True) and left[0] == pytest.approx(0.05, abs=1e-4)
    assert spent == sorted(spent) and spent[0] < 1e-3
    for rest, used in zip(left, spent, strict=True):
        # What was crossed before and rejected at the end too counts once, not twice.
        assert 0.05 - used < rest + 1e-4
    assert alpha_at_end(0.05, 1e-6) == pytest.approx(0.05, abs=1e-4)
    assert alpha_spent(0.05, 1e-6) < 1e-6
    assert alpha_at_end(0.05) == pytest.approx(0.0417, abs=1e-4)
    assert alpha_spent(0.05) == pytest.approx(0.0189, abs=1e-4)


@pytest.mark.parametrize("fraction", [0.0, -1.0, math.nan, math.inf])
def test_refuses_a_fraction_of_nothing(fraction: float) -> None:
    for function in (alpha_at_end, alpha_spent):
        with pytest.raises(OutOfRange, match="fraction"):
            function(0.05, fraction)


def test_twenty_looks_and_the_end_are_wrong_one_time_in_twenty_at_most() -> None:
    """With visitors in place of paths. The 5 % test at each look is wrong one time in four."""
    rng = np.random.default_rng(31)
    runs, visitors = 400, 600
    wrong = peeking = 0
    for _ in range(runs):
        pairs = _looks(rng, visitors, visitors, count=20)
        verdicts = [judge(*pair, planned=2 * visitors) for pair in pairs]
        verdicts.append(judge(*pairs[-1], planned=2 * visitors, ended=True))
        wrong += any(it.state in SHOWN for it in verdicts)
        peeking += any(
            math.erfc(abs(it.sequence.difference.estimate) / it.sequence.standard_error / 2**0.5)
            < 0.05
            for it in verdicts
            if it.sequence
        )
    print(f"equal arms, 20 looks and the end: {wrong / runs:.2%}")
    print(f"equal arms, a test at 5 % at every look: {peeking / runs:.2%}")
    # 4.4 % is expected; three binomial standard errors of 5 % in 400 are 3.3 points.
    assert wrong / runs < 0.083
    assert peeking / runs > 0.15


def test_the_sequence_runs_on_through_a_change_of_weights() -> None:
    """From 10 % to half, into a week with twice the clicks; added up, that would be an effect."""
    rng = np.random.default_rng(33)
    runs, planned = 250, 3000
    wrong = added_up = 0
    for _ in range(runs):
        first = _looks(rng, 1080, 120, count=8)
        second = _looks(rng, 900, 900, count=12, keenness=2.0)
        looks = [[pair] for pair in first] + [[first[-1], pair] for pair in second]
        verdicts = [judge_strata(strata, planned=planned) for strata in looks]
        verdicts.append(judge_strata(looks[-1], planned=planned, ended=True))
        wrong += any(it.state in SHOWN for it in verdicts)
        (one, other), (more, rest) = looks[-1]
        added_up += judge(one + more, other + rest, planned=planned, ended=True).state in SHOWN
    print(f"equal arms, weights changed: {wrong / runs:.2%}; added up {added_up / runs:.2%}")
    # Three binomial standard errors of 5 % in 250 are 4.1 points.
    assert wrong / runs < 0.091
    assert added_up / runs > 0.15


def test_visitors_who_return_cost_no_alpha() -> None:
    """Sums of visitors who came earlier go on growing, which the sequence does not know."""
    rng = np.random.default_rng(32)
    runs, visitors, days = 250, 500, 14
    wrong = 0
    for _ in range(runs):
        looks = zip(*(_days(rng, visitors, days) for _arm in range(2)), strict=True)
        pairs = list(looks)
        verdicts = [judge(*pair, planned=2 * visitors) for pair in pairs]
        verdicts.append(judge(*pairs[-1], planned=2 * visitors, ended=True))
        wrong += any(it.state in SHOWN for it in verdicts)
    print(f"equal arms, visitors who return, a look a day and the end: {wrong / runs:.2%}")
    # Three binomial standard errors of 5 % in 250 are 4.1 points.
    assert wrong / runs < 0.091


def _days(rng: np.random.Generator, visitors: int, days: int) -> list[Summary]:
    """An arm at the end of each day; who came once comes again on one day in four."""
    first, rate = rng.integers(0, days, visitors), rng.beta(0.5, 9.5, visitors)
    day = np.arange(days)[:, None]
    here = (first == day) | ((first < day) & (rng.random((days, visitors)) < 0.25))
    seen = np.where(here, rng.poisson(6.0, here.shape), 0)
    clicks = rng.binomial(seen, rate).cumsum(0)
    seen = seen.cumsum(0)
    return [Summary.of(clicks[now][first <= now], seen[now][first <= now]) for now in range(days)]


def _looks(
    rng: np.random.Generator, control: int, treatment: int, *, count: int, keenness: float = 1.0
) -> list[tuple[Summary, Summary]]:
    """Two arms without a difference, looked at `count` times as their visitors come."""
    arms = []
    for visitors in (control, treatment):
        seen = rng.poisson(10.0, visitors)
        rate = rng.beta(0.5 * keenness, 10 - 0.5 * keenness, visitors)
        clicks = rng.binomial(seen, rate)
        cuts = np.arange(1, count + 1) * visitors // count
        arms.append([Summary.of(clicks[:cut], seen[:cut]) for cut in cuts])
    return list(zip(*arms, strict=True))
