"""How a fit did on decisions it had not seen, and what it goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from styleeval.acceptance.evaluation import Bin, Spread


@dataclass(frozen=True, kw_only=True)
class Influence:
    """One feature's pull. odds: what one standard deviation more of it multiplies the odds of
    approval by."""

    feature: str
    words: str
    odds: float


@dataclass(frozen=True, kw_only=True)
class AcceptanceReport:
    """Everything but the counts is about out-of-fold predictions, whole groups held out.

    products: groups. modes: decisions by mode. left_out: decisions that could not be used, by
    reason. auc: with its interval over products. brier, log_loss: beside those of the base rate,
    which tells everybody the same. calibrated: did rescaling the scores help? penalty: C.
    """

    approved: int
    rejected: int
    products: int
    modes: Mapping[str, int]
    left_out: Mapping[str, int]
    auc: Spread
    brier: float
    base_brier: float
    log_loss: float
    base_log_loss: float
    calibration_error: float
    calibrated: bool
    bins: tuple[Bin, ...]
    influences: tuple[Influence, ...]
    penalty: float

    @property
    def is_better_than_base_rate(self) -> bool:
        """Does it know anything? AUC surely above a half, and a smaller Brier score."""
        return self.auc.low > 0.5 and self.brier < self.base_brier

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts."""
        plain = asdict(self)
        for name in ("bins", "influences"):
            plain[name] = list(plain[name])
        return {**plain, "is_better_than_base_rate": self.is_better_than_base_rate}
