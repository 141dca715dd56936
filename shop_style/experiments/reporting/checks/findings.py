"""What checks look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shop_style.experiments.reporting.baseline import BaselineReport
from shop_style.experiments.reporting.effects import Rule
from shop_style.experiments.reporting.sums import Sums
from shop_style.experiments.reporting.values import ArmReport, Effect, Hour, Split
from shop_style.models import Arm, Experiment

STRICT: Final = 0.001
"""p-value of an alarm: a report holds a dozen checks and is looked at often."""

FEW: Final = 100
"""Visitors of an arm below which a check says nothing."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What checks look at. visitors: in any arm, each once."""

    experiment: Experiment
    arms: Sequence[Arm]
    sums: Sums
    rule: Rule
    reports: Sequence[ArmReport]
    effects: Sequence[Effect]
    splits: Sequence[Split]
    hours: Sequence[Hour]
    rolled_at: datetime | None
    visitors: int
    baseline: BaselineReport | None = None

    @property
    def control(self) -> Arm | None:
        """The originals."""
        return next((arm for arm in self.arms if arm.is_control), None)

    def against_control(self) -> Iterator[tuple[ArmReport, ArmReport]]:
        """The control's report with that of each style."""
        control = next((arm for arm in self.reports if arm.is_control), None)
        if control is not None:
            yield from ((control, arm) for arm in self.reports if not arm.is_control)


def p_value(value: float) -> str:
    """A p-value, not more exactly than it means anything."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
