"""What decisions teach: known tastes are found, chances are true, and little is not called much."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from styleeval.acceptance import (
    CardUnreadable,
    ModelUnreadable,
    ModeNotLearned,
    TooFewDecisions,
    features,
    fit,
    predict,
)
from styleeval.acceptance import evaluation as ev
from styleeval.acceptance.learner import AcceptanceFit
from styleeval.acceptance.prediction import Parameters
from styleeval.acceptance.reading import FAMILIES, SCALES, WORDS, bounds_of, read
from styleeval.preservation import THRESHOLDS, Scorecard, judge
from styleeval.preservation.limits import LIMITS
from tests.styleeval.shops import Card, Shop, open_shop, real_cards

MODES = ("grade", "artistic")


def taste(card: Card, mode: str) -> float:
    """Colours near the original's and no spoilt spot."""
    spoilt = 1 - card["ssim"]["worst_tile"]["value"]
    return float(4 - 0.5 * card["delta_e"]["product"] - 6 * spoilt)


@pytest.fixture(scope="module")
def cards() -> list[Card]:
    return real_cards()


@pytest.fixture(scope="module")
def shop(cards: list[Card]) -> Shop:
    return open_shop(cards, taste, variants=600, seed=1, modes=MODES, noise=0.1, whims=0.5)


@pytest.fixture(scope="module")
def learned(shop: Shop) -> AcceptanceFit:
    return fit(shop.rows, shop.approved, shop.products)


@pytest.fixture(scope="module")
def clueless(cards: list[Card]) -> AcceptanceFit:
    """A shop whose decisions have nothing to do with the scorecards."""
    shop = open_shop(cards, lambda card, mode: 0.4, variants=200, seed=3)
    return fit(shop.rows, shop.approved, shop.products)


def plain(learned: AcceptanceFit) -> dict[str, Any]:
    return learned.parameters.as_dict()


def test_a_known_taste_is_found(learned: AcceptanceFit, cards: list[Card]) -> None:
    fresh = open_shop(cards, taste, variants=400, seed=2, modes=MODES, noise=0.1, whims=0.5)
    chances = np.array([predict(plain(learned), *row) for row in fresh.rows])
    found, best = ev.auc(chances, fresh.approved), ev.auc(fresh.chance, fresh.approved)
    assert found > 0.8 and found > best - 0.06
    assert learned.report.is_better_than_base_rate
    assert learned.report.auc.low < found < learned.report.auc.high + 0.03
    # 400 variants: a mean over 40 lies within 0.08 of the truth.
    order = np.argsort(chances)
    for part in np.array_split(order, 10):
        assert chances[part].mean() == pytest.approx(fresh.chance[part].mean(), abs=0.15)


def test_its_own_reliability_holds(learned: AcceptanceFit) -> None:
    """95 % intervals: of ten, one or two may miss."""
    bins = learned.report.bins
    assert sum(item.count for item in bins) == 600 and len(bins) == 10
    assert [item.predicted for item in bins] == sorted(item.predicted for item in bins)
    assert sum(item.low <= item.predicted <= item.high for item in bins) >= 8
    assert learned.report.calibration_error < 0.06


def test_what_it_goes_by_is_what_people_went_by(learned: AcceptanceFit) -> None:
    pulls = {item.feature: item.odds for item in learned.report.influences}
    strongest = learned.report.influences[0]
    assert strongest.feature in ("colour", "structure", "perceptual", "hue", "change")
    assert pulls["colour"] < 0.8, "a colour further away is approved less"


def test_decisions_that_follow_nothing_are_called_that(clueless: AcceptanceFit) -> None:
    report = clueless.report
    assert not report.is_better_than_base_rate
    assert report.auc.low <= 0.5 or report.brier >= report.base_brier


def test_a_stated_minimum_is_kept(shop: Shop) -> None:
    yes = np.flatnonzero(shop.approved)[:29]
    no = np.flatnonzero(~shop.approved)[:40]
    chosen = [*yes, *no]
    rows = [shop.rows[n] for n in chosen]
    with pytest.raises(TooFewDecisions, match="1 more approved needed") as refused:
        fit(rows, shop.approved[chosen], chosen)
    assert refused.value.code == "too_few_decisions"
    enough = [*np.flatnonzero(shop.approved)[:30], *no]
    rows = [shop.rows[n] for n in enough]
    with pytest.raises(TooFewDecisions, match="17 more products needed"):
        fit(rows, shop.approved[enough], [n % 3 for n in enough])
    assert fit(rows, shop.approved[enough], enough).report.approved == 30
    with pytest.raises(TooFewDecisions, match="30 more approved, 30 more rejected, 20 more"):
        fit([], [], [])


def test_predicts_what_scikit_learn_would(shop: Shop, learned: AcceptanceFit) -> None:
    found = learned.parameters
    values = np.array(
        [
            [features(card, mode).get(name, 0.0) for name in found.features]
            for card, mode in shop.rows
        ]
    )
    standard = np.nan_to_num((values - np.nanmean(values, 0)) / np.nanstd(values, 0))
    theirs = LogisticRegression(C=found.penalty, solver="newton-cholesky", tol=1e-8)
    theirs.fit(standard, shop.approved)
    bare = replace(found, slope=1.0, offset=0.0).as_dict()
    ours = [predict(bare, card, mode) for card, mode in shop.rows]
    assert ours == pytest.approx(theirs.predict_proba(standard)[:, 1], abs=1e-9)


def test_outlives_json_and_later_limits(
    shop: Shop, learned: AcceptanceFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = json.loads(json.dumps(plain(learned), allow_nan=False))
    assert Parameters.from_dict(stored) == learned.parameters
    before = [predict(plain(learned), *row) for row in shop.rows[:20]]
    stricter = {mode: replace(limits, max_delta_e=0.5) for mode, limits in THRESHOLDS.items()}
    monkeypatch.setattr("styleeval.acceptance.reading.THRESHOLDS", stricter)
    assert bounds_of("grade")["max_delta_e"] == 0.5
    assert [predict(stored, *row) for row in shop.rows[:20]] == before
    assert json.dumps(learned.report.as_dict(), allow_nan=False)


def test_the_same_decisions_give_the_same_fit(shop: Shop) -> None:
    first, second = (fit(shop.rows[:120], shop.approved[:120], shop.products[:120]) for _ in "ab")
    assert first == second


def test_says_nothing_where_it_learned_nothing(learned: AcceptanceFit, cards: list[Card]) -> None:
    with pytest.raises(ModeNotLearned):
        predict(plain(learned), cards[0], "fabric")
    with pytest.raises(CardUnreadable):
        predict(plain(learned), {"schema": 1}, "grade")
    with pytest.raises(ModelUnreadable):
        predict({**plain(learned), "schema": 0}, cards[0], "grade")


def test_counts_what_it_leaves_out(shop: Shop) -> None:
    rows = [*shop.rows[:150], *[({"schema": 1}, "grade")] * 3, *[(shop.cards[0], "fabric")] * 4]
    decided = [*shop.approved[:150], *[True] * 7]
    report = fit(rows, decided, range(157)).report
    assert sorted(report.left_out.values()) == [3, 4]
    assert report.approved + report.rejected == 150 and "fabric" not in report.modes


def test_another_perceptual_metric_is_not_taken_for_this_one(
    learned: AcceptanceFit, cards: list[Card]
) -> None:
    other = {**cards[0], "perceptual_name": "LPIPS (AlexNet)"}
    worse = json.loads(json.dumps(other))
    worse["perceptual"]["product"] = worse["perceptual"]["worst_tile"]["value"] = 5.0
    assert predict(plain(learned), other, "grade") == predict(plain(learned), worse, "grade")
    same = {**worse, "perceptual_name": cards[0]["perceptual_name"]}
    assert predict(plain(learned), same, "grade") != predict(plain(learned), other, "grade")


def test_few_features_that_grow_with_the_damage(cards: list[Card]) -> None:
    for mode in THRESHOLDS:
        found = features(cards[0], mode)
        assert len(found) + len(THRESHOLDS) - 1 <= 20
        assert set(found) <= {*WORDS, f"mode_{mode}"}
    harmless, spoilt = features(cards[0], "grade"), features(cards[4], "grade")
    assert spoilt["colour"] > harmless["colour"] and spoilt["hue"] > harmless["hue"]
    card = Scorecard.from_dict(cards[4])
    burden = judge(card, "grade").burden
    worst = max(spoilt[family] for family in FAMILIES)
    assert math.expm1(worst) >= burden - 1e-9, "a family is as bad as its worst limit"


def test_a_card_without_numbers_is_read(cards: list[Card]) -> None:
    bare = {**cards[0], "silhouette": None, "edge": None, "halo": None, "white_kept": None}
    bare["delta_e"] = {**bare["delta_e"], "outside": None}
    found = read(bare, "grade").values
    assert found["outline_unseen"] == found["no_white_ground"] == 1
    assert all(math.isnan(found[name]) for name in ("halo", "white", "ground"))


def test_every_limit_on_the_product_has_its_family_and_its_scale() -> None:
    of_product = {name for name, limit in LIMITS.items() if limit.of_product}
    assert {name for names in FAMILIES.values() for name in names} == of_product
    set_somewhere = {
        name for name in of_product if all(getattr(t, name) for t in THRESHOLDS.values())
    }
    assert of_product <= set_somewhere | set(SCALES)


def test_measures_equal_scikit_learns(learned: AcceptanceFit, shop: Shop) -> None:
    chances = np.round(np.array(learned.chances), 2)  # with ties
    assert ev.auc(chances, shop.approved) == pytest.approx(roc_auc_score(shop.approved, chances))
    given = np.array(learned.chances)
    assert ev.log_loss(given, shop.approved) == pytest.approx(log_loss(shop.approved, given))
    assert math.isnan(ev.auc(chances, np.ones(600, np.bool_)))


def test_wilsons_interval() -> None:
    """Newcombe, Statistics in Medicine 1998, table I: 81 of 263, and 0 of 20."""
    assert ev.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert ev.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_products_are_drawn_whole() -> None:
    """Ten copies of each decision say no more than one: the interval must not shrink."""
    rng = np.random.default_rng(5)
    approved = rng.random(60) < 0.5
    scores = approved + rng.normal(0, 1, 60)
    groups = np.arange(60)
    once = ev.auc_over_groups(scores, approved, groups, draws=400, seed=1)
    tenfold = [np.repeat(column, 10) for column in (scores, approved, groups)]
    copies = ev.auc_over_groups(*tenfold, draws=400, seed=1)
    assert copies.high - copies.low == pytest.approx(once.high - once.low, rel=1e-9)


def test_predicting_needs_no_scikit_learn() -> None:
    code = (
        "import sys, styleeval.acceptance, styleeval.acceptance.prediction; "
        "heavy = {'sklearn', 'scipy', 'torch', 'skimage', 'cv2', 'django'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
