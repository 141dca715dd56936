"""The baseline of an experiment, as its report shows it: who came, who came back, the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shop_style.experiments.baseline import baseline_due
from shop_style.experiments.reporting.past import returning_in
from shop_style.experiments.reporting.splits import Tallies, splits_of
from shop_style.experiments.reporting.sums import Sums
from shop_style.experiments.reporting.values import Split
from shop_style.models import Arm, Experiment, Phase


@dataclass(frozen=True, kw_only=True)
class BaselineReport:
    """A phase in which every arm showed the originals. due: when the test is to begin.

    visitors: of it, by arm. returning: of the test's visitors those who were seen in it, by arm.
    splits: of its visitors, by stage; a draw of its own.
    """

    phase: int
    started_at: datetime
    due: datetime
    ended_at: datetime | None
    visitors: Mapping[str, int]
    returning: Mapping[str, int]
    splits: tuple[Split, ...]

    @property
    def is_mismatched(self) -> bool:
        """Did an arm not receive the visitors it was promised?"""
        return any(split.mismatched for split in self.splits if split.stage != "viewable")


def baseline_report(
    experiment: Experiment,
    phases: Sequence[Phase],
    arms: Sequence[Arm],
    sums: Sums,
    tests: Sums,
    tallies: Tallies,
) -> BaselineReport | None:
    """The baseline, or None. sums: of all phases; tests: of the others, with their past."""
    baseline = next((phase for phase in phases if phase.is_baseline), None)
    if baseline is None:
        return None
    own = sums.within([baseline])
    whole = splits_of(arms, own, tallies, by_tile=False)
    return BaselineReport(
        phase=baseline.number,
        started_at=baseline.started_at,
        due=baseline_due(experiment, baseline),
        ended_at=baseline.ended_at,
        visitors={arm.slug: own.total(arm, "visitors") for arm in arms},
        returning={arm.slug: sum(map(returning_in, tests.of(arm))) for arm in arms},
        splits=tuple(
            replace(split, phase=baseline.number) for split in whole if split.phase is None
        ),
    )
