"""`python -m tests.benchmarks.acceptance`: what decisions teach, by how many there are.

Simulated shops, whose true chance of approval is known and is no logistic regression: a variant is
as bad as its worst side, beyond tolerances of the shop's own; products are liked or not; some
clicks are a coin's. Scored on variants of products that the model never saw.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from styleeval.acceptance import fit
from styleeval.acceptance.evaluation import auc
from styleeval.acceptance.examples import Minimum
from styleeval.acceptance.prediction import Parameters, sigmoid
from styleeval.acceptance.reading import Reading, read
from styleeval.preservation import Scorecard, judge
from tests.styleeval.shops import Card, Shop, Taste, open_shop, real_cards

SIZES = (30, 60, 100, 200, 1000)
FRESH = 500
MODES = ("grade", "artistic", "background")
SIDES: dict[str, tuple[Callable[[Card], float], float, float]] = {
    "colour": (lambda card: card["delta_e"]["product"], 3, 15),
    "spot": (lambda card: card["delta_e"]["worst_tile"]["value"], 8, 40),
    "structure": (lambda card: 1 - card["ssim"]["worst_tile"]["value"], 0.15, 0.6),
    "likeness": (lambda card: card["perceptual"]["product"], 0.05, 0.35),
    "hue": (lambda card: card["hue"]["product"], 5, 40),
    "detail": (lambda card: 1 - card["detail"]["product"], 0.1, 0.5),
    "halo": (lambda card: card["halo"] or 0.0, 5, 40),
}
"""What people look at, and the range their tolerances are drawn from."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One shop with so many decisions. best_auc: by the true chances. plain_error: without the
    calibration. told: was the model found better than the base rate?"""

    size: int
    knows: bool
    auc: float
    best_auc: float
    gate_auc: float
    error: float
    plain_error: float
    brier: float
    base_brier: float
    best_brier: float
    calibrated: bool
    claimed_auc: float
    told: bool


def a_taste(rng: np.random.Generator) -> Taste:
    """Two to five sides with tolerances of their own; the worst side decides."""
    chosen = rng.choice(list(SIDES), int(rng.integers(2, 6)), replace=False)
    limits = {name: float(np.exp(rng.uniform(*np.log(SIDES[name][1:])))) for name in chosen}
    lenient = {mode: float(np.exp(rng.normal(0, 0.4))) for mode in MODES}
    steep, strong = float(rng.uniform(2, 6)), float(rng.normal(0, 0.8))

    def taste(card: Card, mode: str) -> float:
        worst = max(SIDES[name][0](card) / (limits[name] * lenient[mode]) for name in limits)
        change = np.log1p(card["delta_e"]["whole"]) - 2
        return float(steep * (1 - min(worst, 4)) + strong * change)

    return taste


def no_taste(share: float) -> Taste:
    """Decisions that have nothing to do with the scorecard."""
    return lambda card, mode: float(np.log(share / (1 - share)))


def results(job: tuple[int, bool, Sequence[int], list[Card]]) -> list[Result]:
    """One shop with each number of decisions. knows: do its people go by what a card shows?"""
    seed, knows, sizes, cards = job
    rng = np.random.default_rng([seed, int(knows)])
    modes = rng.choice(MODES, 2, replace=False).tolist()
    options: dict[str, Any] = {"modes": modes, "noise": 0.1, "whims": 0.7}
    while True:
        taste = a_taste(rng) if knows else no_taste(float(rng.uniform(0.35, 0.65)))
        start = int(rng.integers(2**31))
        probe = open_shop(cards, taste, variants=150, seed=start, **options)
        if 0.3 <= probe.chance.mean() <= 0.7:
            break
    shop = open_shop(cards, taste, variants=max(sizes), seed=start + 2, **options)
    fresh = open_shop(cards, taste, variants=FRESH, seed=start + 1, **options)
    verdicts = [judge(Scorecard.from_dict(card), mode) for card, mode in fresh.rows]
    gate = -np.array([verdict.burden for verdict in verdicts])
    readings = [read(card, mode) for card, mode in fresh.rows]
    return [_result(shop, fresh, readings, gate, size, knows) for size in sizes]


def _result(
    shop: Shop, fresh: Shop, readings: list[Reading], gate: np.ndarray, size: int, knows: bool
) -> Result:
    few = Minimum(approved=1, rejected=1, products=5)
    found = fit(shop.rows[:size], shop.approved[:size], shop.products[:size], least=few)
    chances = _chances(found.parameters, readings)
    plain = _chances(replace(found.parameters, slope=1.0, offset=0.0), readings)
    seen = np.array([mode in found.parameters.bounds for mode in fresh.modes])
    true, approved = fresh.chance[seen], fresh.approved[seen]
    base = shop.approved[:size].mean()
    return Result(
        size=size,
        knows=knows,
        auc=auc(chances, approved),
        best_auc=auc(true, approved),
        gate_auc=auc(gate[seen], approved),
        error=_error(chances, true),
        plain_error=_error(plain, true),
        brier=_brier(chances, true),
        base_brier=_brier(np.full(len(true), base), true),
        best_brier=_brier(true, true),
        calibrated=found.report.calibrated,
        claimed_auc=found.report.auc.estimate,
        told=found.report.is_better_than_base_rate,
    )


def _chances(model: Parameters, readings: list[Reading]) -> np.ndarray:
    """Of the variants whose mode the model knows."""
    return np.array([sigmoid(model.score(item)) for item in readings if item.mode in model.bounds])


def _error(chances: np.ndarray, true: np.ndarray) -> float:
    """Expected calibration error against the true chances, ten bins of like size."""
    order = np.argsort(chances)
    parts = np.array_split(order, 10)
    away = [abs(chances[part].mean() - true[part].mean()) * len(part) for part in parts]
    return float(sum(away) / len(chances))


def _brier(chances: np.ndarray, true: np.ndarray) -> float:
    """The expected Brier score, over what people might have clicked."""
    return float((true * (1 - chances) ** 2 + (1 - true) * chances**2).mean())


def table(found: Sequence[Result], sizes: Sequence[int]) -> list[str]:
    """Medians over shops, and the 10th to 90th percentile of AUC."""
    lines = [
        "| decisions | AUC | best possible | the gate's burden | calibration error | without "
        "rescaling | Brier score | of the base rate | best possible | rescaled | called better "
        "than the base rate |",
        "| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for knows in (True, False):
        for size in sizes:
            rows = [item for item in found if item.size == size and item.knows == knows]
            if rows:
                lines.append(_line(rows, f"{size}" if knows else f"{size}, nothing to learn"))
    return lines


def _line(rows: Sequence[Result], name: str) -> str:
    def middle(key: str) -> float:
        return float(np.median([getattr(row, key) for row in rows]))

    low, high = np.percentile([row.auc for row in rows], [10, 90])
    cells = [
        name,
        f"{middle('auc'):.2f} [{low:.2f}, {high:.2f}]",
        f"{middle('best_auc'):.2f}",
        f"{middle('gate_auc'):.2f}",
        *(f"{middle(key):.3f}" for key in ("error", "plain_error")),
        *(f"{middle(key):.3f}" for key in ("brier", "base_brier", "best_brier")),
        f"{np.mean([row.calibrated for row in rows]):.0%}",
        f"{np.mean([row.told for row in rows]):.0%}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, help="also write every shop there, a line of JSON each")
    chosen = parser.parse_args()
    cards = real_cards()
    jobs = [
        (seed, knows, chosen.sizes, cards)
        for seed in range(chosen.shops)
        for knows in (True, False)
    ]
    found: list[Result] = []
    with get_context("spawn").Pool(chosen.workers) as pool:
        for made in pool.imap(results, jobs):
            found += made
    if chosen.out:
        chosen.out.write_text("\n".join(json.dumps(asdict(item)) for item in found))
    print("\n".join(table(found, chosen.sizes)))


if __name__ == "__main__":
    main()
