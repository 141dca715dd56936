"""The list of experiments, with the visitors of all its rows counted at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.contrib.admin.views.main import ChangeList
from django.db.models import OuterRef, Subquery, Sum
from django.http import HttpRequest

from shop_style.models import Experiment, PairTotals, SummaryTotals


class ExperimentChangeList(ChangeList):
    """The list, with the visitors of its rows counted for all of them at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, then one query more."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        visitors = visitors_so_far(self.result_list)
        for experiment in self.result_list:
            experiment.visitors_so_far = visitors.get(experiment.pk, 0)


def visitors_so_far(experiments: Sequence[Experiment]) -> dict[int, int]:
    """Visitors with a rendered picture by experiment, as of the last rollup; of its test, for no
    baseline counts towards the plan. One query."""
    if not experiments:
        return {}
    rows = SummaryTotals.objects.using(experiments[0]._state.db).filter(
        slice=SummaryTotals.ALL, phase__is_baseline=False
    )
    same = rows.filter(phase=OuterRef("phase"), arm=OuterRef("arm")).order_by("-day")
    # Cumulative: each arm's newest day holds all of them.
    newest = rows.filter(phase__experiment__in=experiments, day=Subquery(same.values("day")[:1]))
    summed = newest.order_by().values_list("phase__experiment").annotate(Sum("visitors"))
    found = dict(summed)
    return {**found, **_once(experiments)}


def _once(experiments: Sequence[Experiment]) -> dict[int, int]:
    """Visitors who are in every arm, each once; no query where tiles are not drawn one by one."""
    drawn = [item for item in experiments if item.unit == Experiment.Unit.TILE]
    if not drawn:
        return {}
    rows = PairTotals.objects.using(drawn[0]._state.db).order_by("day")
    rows = rows.filter(phase__experiment__in=drawn, slice=SummaryTotals.ALL)
    newest = {
        (experiment, phase): everybody
        for experiment, phase, everybody in rows.values_list(
            "phase__experiment", "phase", "everybody"
        )
    }
    found: Counter[int] = Counter()
    for (experiment, _phase), everybody in newest.items():
        found[experiment] += everybody
    return dict(found)
