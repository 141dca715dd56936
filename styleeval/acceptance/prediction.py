"""The chance of approval by a stored model: plain numbers in, one number out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from styleeval.acceptance.errors import ModelUnreadable, ModeNotLearned
from styleeval.acceptance.reading import Reading, read
from styleeval.sentence import said


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """A fitted model.

    features: names, in the order of mean, scale and weights. mean, scale: of the decisions it was
    fitted on; a value that is not there counts as the mean. slope, offset: the calibration of the
    score. bounds: by mode, what values are held against. metric: of the perceptual distance.
    penalty: scikit-learn's C.
    """

    schema: ClassVar[int] = 1

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    slope: float
    offset: float
    bounds: Mapping[str, Mapping[str, float]]
    metric: str
    penalty: float

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts, with the schema's number."""
        plain = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }
        return {"schema": self.schema, **plain}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`. Raises ModelUnreadable."""
        if values.get("schema") != cls.schema:
            raise ModelUnreadable(
                said(
                    "acceptance model of schema {found!r}, not {schema}; fit again",
                    found=values.get("schema"),
                    schema=cls.schema,
                )
            )
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
            if name != "schema"
        }
        try:
            return cls(**plain)
        except TypeError as error:
            raise ModelUnreadable(said("acceptance model: {why}; fit again", why=error)) from error

    def score(self, reading: Reading) -> float:
        """The log odds of approval."""
        total = self.intercept
        for name, mean, scale, weight in zip(
            self.features, self.mean, self.scale, self.weights, strict=True
        ):
            value = self._value(name, reading)
            if not math.isnan(value):
                total += weight * (value - mean) / scale
        return self.slope * total + self.offset

    def _value(self, name: str, reading: Reading) -> float:
        if name == "perceptual" and reading.metric != self.metric:
            return math.nan
        # A mode's own column is there in its mode alone.
        return reading.values.get(name, 0.0 if name.startswith("mode_") else math.nan)


def predict(parameters: Mapping[str, Any], card: Mapping[str, Any], mode: str) -> float:
    """The chance, 0–1, that the people whose decisions the model learned approve a variant.

    parameters: of `AcceptanceFit`, also after JSON. card: `Scorecard.as_dict`. Raises
    ModelUnreadable, CardUnreadable, ModeNotLearned.
    """
    model = Parameters.from_dict(parameters)
    if mode not in model.bounds:
        raise ModeNotLearned(
            said(
                "no decisions on {mode} were learned from, only on {known}",
                mode=mode,
                known=", ".join(sorted(model.bounds)),
            )
        )
    return sigmoid(model.score(read(card, mode, model.bounds[mode])))


def sigmoid(score: float) -> float:
    """1 / (1 + e^−score), without overflow."""
    if score >= 0:
        return 1 / (1 + math.exp(-score))
    return math.exp(score) / (1 + math.exp(score))
