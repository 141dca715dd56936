from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from styleeval.inference import Summary, TooFewVisitors
from styleeval.inference.errors import InferenceError, InvalidSummary, ShapesDiffer

NOBODY = Summary.of([], [])


def visitors(n: int = 400, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Clicks and viewable impressions a visitor, (n,) each; some visitors have viewed nothing."""
    rng = np.random.default_rng(seed)
    impressions = rng.poisson(rng.gamma(2.0, 3.0, n))
    return rng.binomial(impressions, rng.beta(1.0, 9.0, n)), impressions


CLICKS, IMPRESSIONS = visitors()
WHOLE = Summary.of(CLICKS, IMPRESSIONS)


def test_holds_the_sums_of_a_small_example() -> None:
    assert Summary.of([1, 0, 2], [2, 1, 3]) == Summary(
        n=3, sum_m=3, sum_d=6, sum_mm=5, sum_dd=14, sum_md=8
    )


def test_parts_add_up_to_the_whole() -> None:
    cuts = [0, 1, 37, 300, 400]
    parts = [
        Summary.of(CLICKS[low:high], IMPRESSIONS[low:high])
        for low, high in zip(cuts, cuts[1:], strict=False)
    ]
    assert sum(parts, NOBODY) == WHOLE  # whole numbers: no rounding, no tolerance
    assert sum(reversed(parts), NOBODY) == WHOLE


def test_adds_nothing_else() -> None:
    with pytest.raises(TypeError):
        WHOLE + 1  # type: ignore[operator]


def test_survives_json_exactly() -> None:
    assert Summary.from_dict(json.loads(json.dumps(WHOLE.as_dict()))) == WHOLE


def test_moments_agree_with_numpy() -> None:
    covariance = np.cov(CLICKS, IMPRESSIONS)
    assert WHOLE.mean_m == pytest.approx(CLICKS.mean(), abs=0, rel=1e-14)
    assert WHOLE.mean_d == pytest.approx(IMPRESSIONS.mean(), abs=0, rel=1e-14)
    assert WHOLE.var_m == pytest.approx(covariance[0, 0], abs=0, rel=1e-12)
    assert WHOLE.var_d == pytest.approx(covariance[1, 1], abs=0, rel=1e-12)
    assert WHOLE.cov_md == pytest.approx(covariance[0, 1], abs=0, rel=1e-12)


def test_the_ratio_is_of_sums_not_a_mean_of_ratios() -> None:
    assert Summary.of([1, 1], [1, 9]).ratio == 2 / 10


def test_delta_variance_is_that_of_the_residuals() -> None:
    residuals = (CLICKS - WHOLE.ratio * IMPRESSIONS) / IMPRESSIONS.mean()
    assert WHOLE.linearised_variance == pytest.approx(residuals.var(ddof=1) / 400, abs=0, rel=1e-12)


def test_delta_variance_is_that_of_the_textbook() -> None:
    ratio = WHOLE.ratio
    spread = WHOLE.var_m - 2 * ratio * WHOLE.cov_md + ratio**2 * WHOLE.var_d
    expected = spread / (WHOLE.n * WHOLE.mean_d**2)
    assert WHOLE.linearised_variance == pytest.approx(expected, abs=0, rel=1e-12)


def test_delta_variance_by_hand() -> None:
    # R = 1/2, residuals 0, −1/2, 1/2, their variance 1/4; divided by n = 3 and 2² impressions.
    assert Summary.of([1, 0, 2], [2, 1, 3]).linearised_variance == pytest.approx(
        1 / 48, abs=0, rel=1e-14
    )


def test_delta_variance_agrees_with_the_jackknife() -> None:
    left_out = (CLICKS.sum() - CLICKS) / (IMPRESSIONS.sum() - IMPRESSIONS)
    jackknife = (400 - 1) / 400 * ((left_out - left_out.mean()) ** 2).sum()
    # They differ by a term of order 1/n, here 1/400, times the visitors' leverage.
    assert WHOLE.linearised_variance == pytest.approx(jackknife, abs=0, rel=0.02)


def test_units_scale_out() -> None:
    cents = Summary.of(100 * CLICKS, IMPRESSIONS)
    assert cents.ratio == pytest.approx(100 * WHOLE.ratio, abs=0, rel=1e-14)
    assert cents.linearised_variance == pytest.approx(
        1e4 * WHOLE.linearised_variance, abs=0, rel=1e-12
    )
    both = Summary.of(0.3 * CLICKS, 0.3 * IMPRESSIONS)
    assert both.ratio == pytest.approx(WHOLE.ratio, abs=0, rel=1e-14)
    assert both.linearised_variance == pytest.approx(WHOLE.linearised_variance, abs=0, rel=1e-12)


@pytest.mark.parametrize("ratio", [0.0, 0.1, 1 / 3, 0.7, 0.9])
def test_one_ratio_for_all_has_no_variance(ratio: float) -> None:
    assert Summary.of(ratio * IMPRESSIONS, IMPRESSIONS).linearised_variance == 0.0


def test_a_small_variance_is_kept() -> None:
    # Residuals ±1 beside 100,000 clicks: 5e-11 of the raw squares, far above their rounding.
    clicks = 100_000.0 + np.tile([1.0, -1.0], 500)
    found = Summary.of(clicks, np.full(1000, 100_000.0)).linearised_variance
    assert found == pytest.approx(1 / 999 / 100_000**2, abs=0, rel=1e-4)


@pytest.mark.parametrize("value", [0.1, 0.3, 0.7, 0.9])
def test_rounding_makes_no_variance_negative(value: float) -> None:
    same = Summary.of(np.full(11, value), np.full(11, value))
    assert 0 <= same.var_m < 1e-15
    assert 0 <= same.var_d < 1e-15


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n": -1}, "counted from 0 up"),
        ({"n": 2.5}, "counted from 0 up"),
        ({"n": float("nan")}, "finite"),
        ({"sum_m": float("nan")}, "finite"),
        ({"sum_md": float("inf")}, "finite"),
        ({"sum_d": -6}, "never negative"),
        ({"n": 0, "sum_m": 0, "sum_d": 0, "sum_md": 0}, "their sums are not 0"),
        ({"sum_mm": 2.9}, "sum_mm does not fit"),
        ({"sum_mm": -1, "sum_m": 0}, "sum_mm does not fit"),
        ({"sum_dd": 11}, "sum_dd does not fit"),
        ({"sum_md": 8.4}, "sum_md does not fit"),
        ({"sum_md": -8.4}, "sum_md does not fit"),
    ],
)
def test_refuses_sums_nobody_can_have(changes: dict[str, float], message: str) -> None:
    possible = Summary(n=3, sum_m=3, sum_d=6, sum_mm=5, sum_dd=14, sum_md=8)
    with pytest.raises(InvalidSummary, match=message):
        replace(possible, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("clicks", "impressions", "error"),
    [
        ([1, 2], [3], ShapesDiffer),
        ([[1, 2]], [[3, 4]], ShapesDiffer),
        (1, 2, ShapesDiffer),
        ([1, float("nan")], [3, 4], InvalidSummary),
        ([1, 2], [3, float("inf")], InvalidSummary),
        ([1, 2, 1], [3, -1, 4], InvalidSummary),
    ],
)
def test_refuses_visitors_that_cannot_be(
    clicks: object, impressions: object, error: type[InferenceError]
) -> None:
    with pytest.raises(error, match=r"visitor") as caught:
        Summary.of(clicks, impressions)  # type: ignore[arg-type]
    assert isinstance(caught.value, ValueError)
    assert caught.value.code in {"shapes_differ", "invalid_summary"}


def test_refuses_other_keys() -> None:
    for values in ({"n": 3}, WHOLE.as_dict() | {"clicks": 3}):
        with pytest.raises(InvalidSummary, match="keys"):
            Summary.from_dict(values)


def test_says_when_visitors_are_too_few() -> None:
    for name in ("mean_m", "mean_d", "ratio"):
        with pytest.raises(TooFewVisitors):
            getattr(NOBODY, name)
    one = Summary.of([1], [4])
    assert (one.mean_m, one.mean_d, one.ratio) == (1, 4, 0.25)
    for name in ("var_m", "var_d", "cov_md", "linearised_variance"):
        with pytest.raises(TooFewVisitors, match="1 visitors; at least 2"):
            getattr(one, name)


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, styleeval.inference as i; assert {'Summary', 'compare'} < set(i.__all__); "
        "assert not {'numpy', 'scipy', 'django'} & set(sys.modules); "
        "[getattr(i, name) for name in i.__all__]; "
        "assert not {'scipy', 'django'} & set(sys.modules); "
        "import styleeval.inference.result as r; "
        "assert all(getattr(i, name).__name__ == name for name in i.__all__)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
