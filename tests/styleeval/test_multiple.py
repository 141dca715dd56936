from __future__ import annotations

import numpy as np
import pytest
import tea_tasting
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tea_tasting.experiment import ExperimentResult

from styleeval.inference import benjamini_hochberg, holm
from styleeval.inference.errors import OutOfRange
from tests.styleeval.oracles import steady

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def theirs(adjust: object, p_values: list[float], **settings: object) -> list[float]:
    named = {f"metric {index}": {"pvalue": value} for index, value in enumerate(p_values)}
    found = adjust(ExperimentResult(named), **settings)  # type: ignore[operator]
    return [row["pvalue_adj"] for row in found.to_dicts()]


@steady
@given(P_VALUES)
def test_agree_with_tea_tasting(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(
        theirs(tea_tasting.adjust_fwer, p_values, method="bonferroni", arbitrary_dependence=True),
        rel=1e-9,
    )
    assert benjamini_hochberg(p_values) == pytest.approx(
        theirs(tea_tasting.adjust_fdr, p_values, arbitrary_dependence=False), rel=1e-9
    )
    assert benjamini_hochberg(p_values) == pytest.approx(
        stats.false_discovery_control(p_values), rel=1e-9
    )


@steady
@given(P_VALUES)
def test_never_below_the_plain_ones_and_in_their_order(p_values: list[float]) -> None:
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(p_values)
        assert all(plain <= it <= 1 for plain, it in zip(p_values, adjusted, strict=True))
        by_plain = [it for _plain, it in sorted(zip(p_values, adjusted, strict=True))]
        assert by_plain == sorted(by_plain)
        assert adjust(p_values[::-1]) == adjusted[::-1]
    pairs = zip(benjamini_hochberg(p_values), holm(p_values), strict=True)
    assert all(mild <= strict * (1 + 1e-12) for mild, strict in pairs)


def test_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert benjamini_hochberg([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.04, 0.04))
    assert holm([]) == benjamini_hochberg([]) == ()
    assert holm([0.2]) == benjamini_hochberg([0.2]) == (0.2,)


def test_five_equal_arms_raise_one_alarm_in_twenty() -> None:
    """Against one control, so the tests are not independent."""
    rng = np.random.default_rng(6)
    control, arms = rng.normal(size=(4000, 1)), rng.normal(size=(4000, 5))
    p_values = 2 * stats.norm.sf(np.abs(arms - control) / 2**0.5)
    plain = (p_values < 0.05).any(1).mean()
    adjusted = np.mean([min(holm(row)) < 0.05 for row in p_values.tolist()])
    assert plain > 0.15
    # Three standard errors of 5 % in 4,000 are 1 point.
    assert adjusted < 0.06


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_refuses_what_is_no_p_value(wrong: float) -> None:
    for adjust in (holm, benjamini_hochberg):
        with pytest.raises(OutOfRange, match="p-value"):
            adjust([0.5, wrong])
