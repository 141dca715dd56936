"""Fit the model: an L2 logistic regression, its penalty by grouped cross-validation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from styleeval.acceptance.errors import LearnerMissing
from styleeval.acceptance.evaluation import (
    Flags,
    Floats,
    Indices,
    auc_over_groups,
    brier,
    calibration_error,
    log_loss,
    reliability,
)
from styleeval.acceptance.examples import MINIMUM, Examples, Minimum, gathered
from styleeval.acceptance.prediction import Parameters
from styleeval.acceptance.reading import WORDS, bounds_of
from styleeval.acceptance.report import AcceptanceReport, Influence

FOLDS: Final = 5
_INNER_FOLDS: Final = 4
PENALTIES: Final = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
_HARDLY_PENALISED: Final = 1e3
_DRAWS: Final = 1000
_SHOWN: Final = 6
_LEAST_PULL: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class AcceptanceFit:
    """A fit. parameters: for `predict`. chances: out-of-fold, of the decisions that were used, in
    their order."""

    parameters: Parameters
    report: AcceptanceReport
    chances: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Model:
    mean: Floats
    scale: Floats
    weights: Floats
    intercept: float

    def scores(self, values: Floats) -> Floats:
        """Log odds of rows."""
        found: Floats = _standard(values, self.mean, self.scale) @ self.weights + self.intercept
        return found


def fit(
    rows: Iterable[tuple[Mapping[str, Any], str]],
    decisions: Iterable[bool],
    groups: Iterable[Hashable],
    *,
    least: Minimum = MINIMUM,
    seed: int = 0,
) -> AcceptanceFit:
    """Learn which variants were approved.

    rows: scorecard (`Scorecard.as_dict`) and mode of each decided variant; decisions: was it
    approved? groups: its product: what belongs together never stands on both sides of a fold.
    The same input gives the same fit. Raises TooFewDecisions, LearnerMissing.

    Source: nested cross-validation as in Varma & Simon, BMC Bioinformatics 2006; calibration as
    in Platt, "Probabilistic outputs for support vector machines", 1999, on out-of-fold scores.
    """
    examples = gathered(rows, decisions, groups)
    examples.require(least)
    folds = list(_folds(examples, FOLDS, seed))
    scores, base = np.empty(len(examples)), np.empty(len(examples))
    for train, test in folds:
        part = examples.part(train)
        scores[test] = _fitted(part, _best_penalty(part, seed)).scores(examples.values[test])
        base[test] = part.approved.mean()
    chances, calibrated = _calibrated(scores, examples.approved, folds)
    slope, offset = _calibration(scores, examples.approved) if calibrated else (1.0, 0.0)
    penalty = _best_penalty(examples, seed)
    model = _fitted(examples, penalty)
    parameters = Parameters(
        features=examples.names,
        mean=tuple(model.mean.tolist()),
        scale=tuple(model.scale.tolist()),
        weights=tuple(model.weights.tolist()),
        intercept=model.intercept,
        slope=slope,
        offset=offset,
        bounds={mode: bounds_of(mode) for mode in sorted(set(examples.modes))},
        metric=examples.metric,
        penalty=penalty,
    )
    report = _report(examples, chances, base, parameters, calibrated=calibrated, seed=seed)
    return AcceptanceFit(parameters=parameters, report=report, chances=tuple(chances.tolist()))


def _report(
    examples: Examples,
    chances: Floats,
    base: Floats,
    parameters: Parameters,
    *,
    calibrated: bool,
    seed: int,
) -> AcceptanceReport:
    approved = examples.approved
    bins = reliability(chances, approved)
    pull = np.array(parameters.weights) * parameters.slope
    return AcceptanceReport(
        approved=int(approved.sum()),
        rejected=int((~approved).sum()),
        products=int(examples.groups.max()) + 1,
        modes=dict(Counter(examples.modes)),
        left_out=examples.left_out,
        auc=auc_over_groups(chances, approved, examples.groups, draws=_DRAWS, seed=seed),
        brier=brier(chances, approved),
        base_brier=brier(base, approved),
        log_loss=log_loss(chances, approved),
        base_log_loss=log_loss(base, approved),
        calibration_error=calibration_error(bins),
        calibrated=calibrated,
        bins=bins,
        influences=_influences(examples.names, pull),
        penalty=parameters.penalty,
    )


def _folds(examples: Examples, number: int, seed: int) -> Iterator[tuple[Indices, Indices]]:
    model_selection = _sklearn("model_selection")
    splitter = model_selection.StratifiedGroupKFold(number, shuffle=True, random_state=seed)
    yield from splitter.split(examples.values, examples.approved, examples.groups)


def _best_penalty(examples: Examples, seed: int) -> float:
    """C with the least out-of-fold log loss; of equals the smallest, which trusts data least."""
    chances = {penalty: np.empty(len(examples)) for penalty in PENALTIES}
    for train, test in _folds(examples, _INNER_FOLDS, seed):
        part = examples.part(train)
        for penalty in PENALTIES:
            scores = _fitted(part, penalty).scores(examples.values[test])
            chances[penalty][test] = _chance(scores)
    return min(PENALTIES, key=lambda penalty: log_loss(chances[penalty], examples.approved))


def _fitted(examples: Examples, penalty: float) -> _Model:
    mean, scale = examples.mean_and_scale()
    standard = _standard(examples.values, mean, scale)
    weights, intercept = _logistic(standard, examples.approved, penalty)
    return _Model(mean=mean, scale=scale, weights=weights, intercept=intercept)


def _logistic(values: Floats, approved: Flags, penalty: float) -> tuple[Floats, float]:
    """Weights and intercept; no weights where all were decided alike."""
    if approved.all() or not approved.any():
        # As if one more had been decided either way.
        share = (approved.sum() + 1) / (len(approved) + 2)
        return np.zeros(values.shape[1]), float(np.log(share / (1 - share)))
    learner = _sklearn("linear_model").LogisticRegression(
        C=penalty, solver="newton-cholesky", tol=1e-8, max_iter=1000
    )
    learner.fit(values, approved)
    return learner.coef_[0].astype(np.float64), float(learner.intercept_[0])


def _standard(values: Floats, mean: Floats, scale: Floats) -> Floats:
    return np.nan_to_num((values - mean) / scale)


def _calibrated(
    scores: Floats, approved: Flags, folds: list[tuple[Indices, Indices]]
) -> tuple[Floats, bool]:
    """Chances of out-of-fold scores, and whether a calibration learned on the other folds made
    them better."""
    plain, scaled = _chance(scores), np.empty(len(scores))
    for train, test in folds:
        slope, offset = _calibration(scores[train], approved[train])
        scaled[test] = _chance(slope * scores[test] + offset)
    helps = log_loss(scaled, approved) < log_loss(plain, approved)
    return (scaled, True) if helps and _calibration(scores, approved)[0] > 0 else (plain, False)


def _calibration(scores: Floats, approved: Flags) -> tuple[float, float]:
    """Slope and offset of Platt's scaling."""
    spread = max(float(scores.std()), 1e-9)
    weights, intercept = _logistic(scores[:, None] / spread, approved, _HARDLY_PENALISED)
    return float(weights[0]) / spread, intercept


def _chance(scores: Floats) -> Floats:
    found: Floats = 0.5 * (1 + np.tanh(scores / 2))
    return found


def _influences(names: tuple[str, ...], weights: Floats) -> tuple[Influence, ...]:
    strongest = np.argsort(-np.abs(weights), kind="stable")[:_SHOWN]
    return tuple(
        Influence(
            feature=names[n],
            words=WORDS.get(names[n], names[n].removeprefix("mode_") + " variants"),
            odds=float(np.exp(weights[n])),
        )
        for n in strongest
        if abs(weights[n]) >= _LEAST_PULL
    )


def _sklearn(module: str) -> Any:
    from importlib import import_module

    try:
        return import_module(f"sklearn.{module}")
    except ImportError as error:
        raise LearnerMissing(
            "fitting needs scikit-learn; pip install 'django-shop-style[learn]'"
        ) from error
