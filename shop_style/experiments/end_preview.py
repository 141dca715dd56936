"""What shoppers see now and would see after an end, picture by picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from shop_style.experiments.ending import Ending
from shop_style.models import Experiment, PhaseProduct, StyleVariant

SHOWN: Final = 6

_Key = tuple[int, str, str]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One picture of a product. Of `now` and `then`, None is the original.

    of: a variant of the picture, which names it. now: all that visitors may see, by arm while the
    experiment runs.
    """

    of: StyleVariant
    now: Sequence[StyleVariant | None]
    then: StyleVariant | None


@dataclass(frozen=True, kw_only=True)
class EndPreview:
    """The first changes, and how many pictures change in all."""

    changes: Sequence[Change]
    total: int


def preview_end(experiment: Experiment, end: Ending, *, limit: int = SHOWN) -> EndPreview:
    """What an end changes for shoppers. Six queries, however many products."""
    columns = ("content_type_id", "object_id", "field")
    keys = dict.fromkeys(end.publish.order_by("pk").values_list(*columns))
    keys |= dict.fromkeys(end.withdraw.order_by("pk").values_list(*columns))
    listed: list[_Key] = list(keys)
    wanted = Q(pk__in=[])
    for kind, object_id, field in listed[:limit]:
        wanted |= Q(content_type=kind, object_id=object_id, field=field)
    winners = _with_picture(end.publish.filter(wanted))
    losers = _with_picture(end.withdraw.filter(wanted))
    by_key: dict[_Key, list[StyleVariant]] = defaultdict(list)
    for row in (*winners, *losers):
        by_key[row.content_type_id, row.object_id, row.field].append(row)
    chosen = {row.pk for row in winners}
    left_out = set(
        PhaseProduct.objects.using(experiment._state.db)
        .filter(wanted, phase__experiment=experiment)
        .exclude(left_out_at=None)
        .values_list(*columns)
    )
    shipped = _shipped_style(experiment)
    changes = [
        _change(experiment, by_key[key], chosen, shipped, key in left_out)
        for key in listed[:limit]
        if by_key[key]
    ]
    return EndPreview(changes=changes, total=len(listed))


def _with_picture(rows: QuerySet[StyleVariant]) -> list[StyleVariant]:
    return list(rows.select_related("style", "content_type").order_by("style__name", "pk"))


def _change(
    experiment: Experiment,
    rows: list[StyleVariant],
    chosen: set[int],
    shipped: int | None,
    is_left_out: bool,
) -> Change:
    then = next((row for row in reversed(rows) if row.pk in chosen), None)
    shown = [row for row in rows if row.is_published]
    if experiment.state == Experiment.State.RUNNING and not is_left_out:
        now: list[StyleVariant | None] = [None, *shown]
    elif experiment.is_live:
        now = [None]
    else:
        now = [next((row for row in shown if row.style_id == shipped), None)]
    return Change(of=rows[0], now=now, then=then)


def _shipped_style(experiment: Experiment) -> int | None:
    if not experiment.shipped_arm:
        return None
    arms = experiment.arms.filter(slug=experiment.shipped_arm)
    return arms.values_list("style", flat=True).first()
