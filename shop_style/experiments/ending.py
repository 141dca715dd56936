"""What an end changes: variants published anew and withdrawn, and who else is shown them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from shop_style.experiments.lost_files import are_there
from shop_style.generation.review import publish, withdraw
from shop_style.models import Experiment, PhaseProduct, PhaseVariant, Status, StyleVariant
from shop_style.models.variant import Review


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Variants that an end would publish anew, and those it would take out of the shop.

    disturbed: products by the slug of another live experiment that shows some of what is
    withdrawn; there they would show their originals in every arm.
    """

    publish: QuerySet[StyleVariant]
    withdraw: QuerySet[StyleVariant]
    disturbed: Mapping[str, int]

    def numbers(self) -> dict[str, Any]:
        """How many of each, as the trail keeps it."""
        return {
            "published": self.publish.count(),
            "withdrawn": self.withdraw.count(),
            **({"disturbed": dict(self.disturbed)} if self.disturbed else {}),
        }


def ending(experiment: Experiment, ship: str | None) -> Ending:
    """What ending with this arm would do now; of a finished one, what deciding anew would.

    ship: slug of an arm; None, or an arm that is not there, ships nothing.
    """
    alias = experiment._state.db
    products = PhaseProduct.objects.using(alias).filter(phase__experiment=experiment)
    # By product and style, not by what was frozen: a newer variant may have taken its place.
    arms = experiment.arms.exclude(style=None)
    ours = _of_products(StyleVariant.objects.using(alias), products).filter(database=alias)
    published = ours.published()
    winners = published
    if experiment.state == Experiment.State.FINISHED:
        # What a revert withdrew is still what was compared.
        frozen = PhaseVariant.objects.using(alias).filter(product__in=products)
        compared = ours.live().filter(status=Status.READY, review=Review.APPROVED)
        winners = ours.filter(
            Q(pk__in=published.values("pk"))
            | Q(pk__in=compared.filter(pk__in=frozen.values("variant")).values("pk"))
        )
    winners = winners.filter(style__in=arms.filter(slug=ship or "").values("style"))
    # Of what was left out, some have no picture to ship; storage is asked for these alone.
    left_out = PhaseVariant.objects.using(alias).filter(product__in=products)
    left_out = left_out.exclude(product__left_out_at=None)
    suspects = winners.filter(pk__in=left_out.values("variant"))
    winners = winners.exclude(
        pk__in=[row.pk for row in suspects if not are_there(row.own_file_names())]
    )
    losers = published.filter(style__in=arms.values("style"))
    losers = losers.exclude(pk__in=winners.values("pk"))
    return Ending(publish=winners, withdraw=losers, disturbed=_disturbed(experiment, losers))


def show(experiment: Experiment, end: Ending, *, actor: str, reason: str) -> None:
    """Do it: the winner is the default picture of its products, the others are approved only."""
    winners = list(end.publish.select_related("style"))
    losers = list(end.withdraw.select_related("style"))
    rows = StyleVariant.objects.using(experiment._state.db)
    rows.filter(pk__in=[row.pk for row in losers]).update(shipped_at=None)
    withdraw(losers, actor=actor, reason=reason)
    rows.filter(pk__in=[row.pk for row in winners]).update(shipped_at=timezone.now())
    publish(winners, actor=actor, reason=reason)


def _of_products(rows: QuerySet[StyleVariant], products: QuerySet[PhaseProduct]) -> Any:
    mine = products.filter(
        content_type=OuterRef("content_type"),
        object_id=OuterRef("object_id"),
        field=OuterRef("field"),
    )
    return rows.filter(Exists(mine))


def _disturbed(experiment: Experiment, losers: QuerySet[StyleVariant]) -> dict[str, int]:
    rows = PhaseVariant.objects.using(experiment._state.db).filter(
        variant__in=losers.values("pk"),
        product__phase__experiment__state__in=Experiment.LIVE,
        product__left_out_at=None,
    )
    rows = rows.exclude(product__phase__experiment=experiment).order_by()
    found = rows.values_list("product__phase__experiment__slug")
    return dict(found.annotate(Count("product__object_id", distinct=True)))
