"""Products drawn towards their style: by known data, by properties, and by what was planted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from styleeval.inference import Summary, pool_products, score_association, score_effect
from styleeval.inference.association import EXPLORATORY
from styleeval.inference.effect import Effect, recentred
from styleeval.inference.errors import OutOfRange, ShapesDiffer, TooFewProducts
from styleeval.inference.heterogeneity import (
    cochran_q,
    paule_mandel,
    profile_interval,
    spread_posterior,
)
from tests.benchmarks.inference.worlds import Catalogue
from tests.styleeval.visitors import NOBODY, drawn, times

# Thirteen trials of the BCG vaccine, (cases, others) vaccinated and not: Colditz et al., JAMA 271,
# 1994, as in metafor's manual (Viechtbauer, Journal of Statistical Software 36(3), 2010).
BCG = np.array(
    """4 119 11 128, 6 300 29 274, 3 228 11 209, 62 13536 248 12619, 33 5036 47 5761,
    180 1361 372 1079, 8 2537 10 619, 505 87886 499 87892, 29 7470 45 7232, 17 1699 65 1600,
    186 50448 141 27197, 5 2493 3 2338, 27 16886 29 17825""".replace(",", " ").split(),
    float,
).reshape(13, 4)
RISKS = BCG[:, [0, 2]] / (BCG[:, [0, 2]] + BCG[:, [1, 3]])
LOG_RATIOS = np.log(RISKS[:, 0] / RISKS[:, 1])
VARIANCES = (1 / BCG[:, [0, 2]] - 1 / (BCG[:, [0, 2]] + BCG[:, [1, 3]])).sum(axis=1)
LATITUDES = np.array([44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33], float)

KEEN = Catalogue(products=12, visitors=1500, concentration=3.0)


def catalogue(seed: int, deviation: float, **options: float):  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(seed)
    lifts = generator.normal(0.05, deviation, KEEN.products)
    pairs, whole = KEEN.draw(generator, lifts)
    return {f"product {n}": [pair] for n, pair in enumerate(pairs)}, [whole], lifts


def test_one_phase_is_the_difference_over_the_common_ratio() -> None:
    control, treatment = drawn(700, 0.05, seed=1), drawn(900, 0.06, seed=2)
    found = score_effect([(control, treatment)])
    assert found is not None
    ratio = (control + treatment).ratio
    assert found.estimate == pytest.approx((treatment.ratio - control.ratio) / ratio, rel=1e-12)
    exact = math.log(treatment.ratio / control.ratio)
    share = treatment.sum_d / (control + treatment).sum_d
    assert found.estimate == pytest.approx(
        exact - (share - 0.5) * exact**2, abs=0.3 * abs(exact) ** 3
    )
    delta = sum(arm.linearised_variance / arm.ratio**2 for arm in (control, treatment))
    assert found.variance == pytest.approx(delta, rel=0.05)


def test_swapping_the_arms_mirrors_the_effect() -> None:
    pairs = [(drawn(300, 0.05, seed=s), drawn(500, 0.06, seed=9 + s)) for s in range(3)]
    forth, back = score_effect(pairs), score_effect([pair[::-1] for pair in pairs])
    assert forth is not None and back is not None
    assert back.estimate == pytest.approx(-forth.estimate, rel=1e-12)
    assert back.variance == pytest.approx(forth.variance, rel=1e-12)
    assert back.clicks == forth.clicks[::-1]


def test_phases_are_averaged_and_unequal_ones_are_no_effect() -> None:
    pair = (drawn(300, 0.05, seed=1), drawn(300, 0.06, seed=2))
    one, two = score_effect([pair]), score_effect([pair, pair])
    assert one is not None and two is not None
    assert two.estimate == pytest.approx(one.estimate, rel=1e-12)
    assert two.variance == pytest.approx(one.variance / 2, rel=1e-12)
    quiet, busy = drawn(4000, 0.05, seed=3), drawn(4000, 0.15, seed=4)
    phases = [(times(quiet, 9), quiet), (busy, times(busy, 9))]
    apart = score_effect(phases)
    added = score_effect([(times(quiet, 9) + busy, quiet + times(busy, 9))])
    assert apart is not None and added is not None
    assert apart.estimate == pytest.approx(0, abs=1e-12)
    assert added.estimate > 0.5


def test_an_arm_without_clicks_is_no_infinity_and_no_clicks_are_no_effect() -> None:
    silent = Summary.of(np.zeros(50), np.full(50, 4))
    found = score_effect([(silent, drawn(50, 0.1, seed=1))])
    assert found is not None and math.isfinite(found.estimate) and found.variance > 0
    assert score_effect([(silent, silent)]) is None
    assert score_effect([(silent, NOBODY)]) is None
    assert score_effect([]) is None


def test_few_clicks_do_not_lean_to_either_arm() -> None:
    """Unbiased, with the error it claims, where a log ratio has no value in every fifth draw."""
    generator = np.random.default_rng(6)
    found = [
        score_effect([(drawn(40, 0.02, generator), drawn(40, 0.02, generator))])
        for _ in range(1500)
    ]
    z = np.array([effect.estimate / effect.variance**0.5 for effect in found if effect])
    assert abs(z.mean()) < 4 / len(z) ** 0.5
    assert z.std() == pytest.approx(1, abs=0.08)


def test_agrees_with_metafor_on_published_trials() -> None:
    assert paule_mandel(LOG_RATIOS, VARIANCES) == pytest.approx(0.3181, abs=5e-5)
    assert profile_interval(LOG_RATIOS, VARIANCES) == pytest.approx((0.1197, 1.1115), abs=5e-5)
    assert cochran_q(LOG_RATIOS, VARIANCES) == pytest.approx(152.2330, abs=5e-5)


def test_nothing_between_is_zero() -> None:
    assert paule_mandel(np.full(5, 0.1), np.full(5, 0.01)) == 0.0
    assert paule_mandel(np.array([0.0, 0.1, -0.1]), np.full(3, 1.0)) == 0.0
    assert profile_interval(np.full(5, 0.1), np.full(5, 0.01)) == (0.0, 0.0)


def test_between_variance_shifts_and_scales() -> None:
    plain = paule_mandel(LOG_RATIOS, VARIANCES)
    assert paule_mandel(LOG_RATIOS + 3, VARIANCES) == pytest.approx(plain, rel=1e-6)
    assert paule_mandel(10 * LOG_RATIOS, 100 * VARIANCES) == pytest.approx(100 * plain, rel=1e-6)


def test_the_posterior_of_the_spread_is_its_integral() -> None:
    effects, variances = LOG_RATIOS[:5] / 4, VARIANCES[:5]
    found = spread_posterior(effects, variances)
    grid = np.linspace(0, 2.0, 20_001)
    density = []
    for tau in grid:
        total = variances + tau**2
        mean = (effects / total).sum() / (1 / total).sum()
        exponent = ((effects - mean) ** 2 / total).sum() + (tau / 1.0) ** 2
        density.append(math.exp(-exponent / 2) / math.sqrt((1 / total).sum() * total.prod()))
    mean = np.average(grid, weights=density)
    assert found.weights @ found.deviations == pytest.approx(mean, rel=1e-3)


def test_shrunken_lifts_lie_between_their_own_and_the_mean() -> None:
    products, whole, lifts = catalogue(1, 0.3)
    found = pool_products(products, whole=whole, min_clicks=0)
    for product in found.products:
        assert product.alone is not None
        ends = sorted((product.alone.estimate, found.mean.estimate))
        assert ends[0] - 0.01 <= product.shrunken.estimate <= ends[1] + 0.01
        alone, shrunken = (i.high - i.low for i in (product.alone, product.shrunken))
        assert shrunken < alone
        assert 0 < product.own_share < 1
    raw = [p.alone.estimate for p in found.products if p.alone]
    drawn_in = [p.shrunken.estimate for p in found.products]
    truth = np.expm1(lifts)
    assert np.mean((drawn_in - truth) ** 2) < np.mean((np.array(raw) - truth) ** 2)


def test_a_second_step_of_the_score_comes_to_the_most_likely_lift() -> None:
    products, _whole, _lifts = catalogue(4, 0.5)
    for strata in products.values():
        ((control, treatment),) = strata
        effect = score_effect(strata)
        assert effect is not None
        assert recentred(effect, strata, 0.0).estimate == pytest.approx(effect.estimate, rel=1e-12)
        ratio = math.log(treatment.sum_m / treatment.sum_d * control.sum_d / control.sum_m)
        once = recentred(effect, strata, effect.estimate)
        assert abs(once.estimate - ratio) < 0.2 * abs(effect.estimate - ratio) + 1e-4
        again = recentred(effect, strata, recentred(effect, strata, once.estimate).estimate)
        assert again.estimate == pytest.approx(ratio, abs=1e-6)
        # Its information is that of two Poisson counts.
        known = 1 / (1 / control.sum_m + 1 / treatment.sum_m)
        assert again.information == pytest.approx(known, rel=1e-5)


def test_the_ends_are_quantiles_of_the_mixture_over_tau() -> None:
    """Of draws: τ, then the mean, then a new product's lift. 4 of 100,000 are two deviations."""
    products, whole, _lifts = catalogue(5, 0.2)
    silent = Summary.of(np.zeros(50), np.full(50, 3))
    found = pool_products({**products, "new": [(silent, silent)]}, whole=whole)
    shown = next(item for item in found.products if item.product == "new").shrunken
    names = [(score_effect(strata), strata) for strata in products.values()]
    common = found.common_variance or 0.0
    first = [effect for effect, _strata in names if effect]
    assert len(first) == len(products)
    moved = [
        recentred(effect, strata, math.log1p(item.shrunken.estimate))
        for (effect, strata), item in zip(names, found.products, strict=False)
        if effect
    ]
    # Near enough the second step's effects for a check of the ends to a hundredth.
    effects = np.array([effect.estimate for effect in moved])
    variances = np.array([effect.variance for effect in moved]) - common
    spread, rng = spread_posterior(effects, variances), np.random.default_rng(6)
    tau = rng.choice(spread.deviations, 100_000, p=spread.weights)
    weights = 1 / (variances + tau[:, None] ** 2)
    mean = (weights @ np.ones_like(effects)) ** -1
    drawn_ = (weights * effects).sum(axis=1) * mean + rng.normal(0, np.sqrt(mean + tau**2 + common))
    low, high = np.expm1(np.quantile(drawn_, [0.025, 0.975]))
    assert (shown.low, shown.high) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.02))


def test_more_data_is_shrunk_less() -> None:
    products, whole, _lifts = catalogue(2, 0.3)
    few = pool_products(products, whole=whole)
    many = pool_products(
        {name: [(times(a, 25), times(b, 25))] for name, [(a, b)] in products.items()}
    )
    for one, other in zip(few.products, many.products, strict=True):
        assert other.own_share > one.own_share
        assert other.alone is not None
        assert other.shrunken.estimate == pytest.approx(other.alone.estimate, abs=0.08)


def test_a_product_without_clicks_gets_the_styles_lift_and_says_so() -> None:
    products, whole, _lifts = catalogue(3, 0.1)
    silent = Summary.of(np.zeros(200), np.full(200, 3))
    products |= {
        "new": [(silent, silent)],
        "thin": [(drawn(60, 0.1, seed=1), drawn(60, 0.1, seed=2))],
    }
    pooled = pool_products(products, whole=whole)
    found = {product.product: product for product in pooled.products}
    new, thin = found["new"], found["thin"]
    assert (new.alone, new.own_share) == (None, 0.0)
    assert new.shrunken.estimate == pytest.approx(pooled.mean.estimate, rel=1e-9)
    assert new.shrunken.high - new.shrunken.low > pooled.mean.high - pooled.mean.low
    assert "nobody clicked" in new.reasons[0]
    assert thin.alone is None and "control has 60 of 100 visitors" in thin.reasons
    assert thin.own_share < 0.5
    assert list(found) == list(products)


def test_equal_products_have_one_lift() -> None:
    pair = (drawn(800, 0.05, seed=1), drawn(800, 0.06, seed=2))
    found = pool_products({str(number): [pair] for number in range(8)})
    assert (found.deviation, found.deviation_low, found.p_value) == (0.0, 0.0, 1.0)
    assert found.common_variance is None
    assert len({product.shrunken for product in found.products}) == 1


def test_visitors_of_several_products_widen_the_mean() -> None:
    """Without whole visitors the mean's interval claims too much: keen visitors click all."""
    honest = blind = 0
    for seed in range(150):
        products, whole, _lifts = catalogue(100 + seed, 0.0)
        for pooled in (pool_products(products, whole=whole), pool_products(products)):
            covers = pooled.mean.low <= np.expm1(0.05) <= pooled.mean.high
            honest += covers and pooled.common_variance is not None
            blind += covers and pooled.common_variance is None
    # 142 of 150 at 95 %; four standard deviations are 11.
    assert honest >= 132
    assert blind < 130


def test_a_few_products_are_no_style() -> None:
    products, _whole, _lifts = catalogue(4, 0.1)
    with pytest.raises(TooFewProducts, match="2 of 2 products"):
        pool_products(dict(list(products.items())[:2]))
    with pytest.raises(OutOfRange, match="alpha"):
        pool_products(products, alpha=2)


def effects(estimates: np.ndarray, variances: np.ndarray) -> list[Effect]:
    return [
        Effect(estimate=e, variance=v, information=1 / v, visitors=(500, 500), clicks=(50.0, 50.0))
        for e, v in zip(estimates, variances, strict=True)
    ]


def test_the_line_is_weighted_least_squares() -> None:
    found = score_association(effects(LOG_RATIOS, VARIANCES), list(LATITUDES))
    design = np.column_stack([np.ones(13), LATITUDES])
    weights = 1 / (VARIANCES + found.deviation**2)
    # At Paule and Mandel's τ² Cochran's Q about the line is its degrees of freedom.
    assert cochran_q(LOG_RATIOS, VARIANCES, found.deviation**2, design) == pytest.approx(
        11, rel=1e-9
    )
    information = design.T @ (weights[:, None] * design)
    intercept, slope = np.linalg.solve(information, design.T @ (weights * LOG_RATIOS))
    assert (found.intercept, found.slope.estimate) == pytest.approx((intercept, slope), rel=1e-9)
    # metafor's REML fit of these trials has −0.0291; Paule and Mandel weigh a little differently.
    assert found.slope.estimate == pytest.approx(-0.0291, abs=0.001)
    assert found.p_value < 0.01
    assert found.correlation < -0.6
    assert found.note == EXPLORATORY


def test_no_line_where_scores_say_nothing() -> None:
    generator = np.random.default_rng(8)
    found = []
    for _ in range(400):
        variances = generator.uniform(0.01, 0.2, 20)
        lifts = generator.normal(0.05, 0.1, 20) + generator.normal(0, variances**0.5)
        found.append(score_association(effects(lifts, variances), generator.random(20)).p_value)
    # Four standard errors of 5 % in 400 are 4.4 points.
    assert np.mean(np.array(found) < 0.05) < 0.094
    assert np.mean(np.array(found) < 0.5) == pytest.approx(0.5, abs=0.1)


def test_units_of_the_score_scale_out() -> None:
    data = effects(LOG_RATIOS, VARIANCES)
    one, other = (score_association(data, list(LATITUDES * unit)) for unit in (1, 10))
    assert other.slope.estimate == pytest.approx(one.slope.estimate / 10, rel=1e-9)
    assert (other.p_value, other.correlation) == pytest.approx(
        (one.p_value, one.correlation), rel=1e-9
    )


def test_refuses_lines_through_too_little() -> None:
    data = effects(LOG_RATIOS, VARIANCES)
    with pytest.raises(ShapesDiffer):
        score_association(data, [1.0])
    with pytest.raises(TooFewProducts):
        score_association(data[:9], list(LATITUDES[:9]))
    with pytest.raises(OutOfRange, match="all the same"):
        score_association(data, [0.5] * 13)
    with pytest.raises(OutOfRange):
        score_association(data, [math.nan, *LATITUDES[1:]])
