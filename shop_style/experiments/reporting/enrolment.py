"""Products of an experiment: which are left out and why, what they are called, how they score."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.contenttypes.models import ContentType
from django.db import models

from shop_style.experiments.reporting.fidelity import SCORES
from shop_style.experiments.reporting.products import Key, key_of
from shop_style.models import Phase, PhaseProduct, PhaseVariant, Status
from shop_style.models.variant import Review

logger = logging.getLogger(__name__)

RETIRED: Final = "variant_retired"
WITHDRAWN: Final = "variant_withdrawn"
"""Why a product shows its original in every arm for now, besides what is kept with it."""

Shown = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """Products of all phases, and what each arm shows of them by product and arm."""

    phases: Sequence[Phase]
    products: Sequence[PhaseProduct]
    shown: Mapping[int, Mapping[int, Shown]]

    @property
    def current(self) -> list[PhaseProduct]:
        """Of the last phase."""
        last = self.phases[-1].pk if self.phases else None
        return [product for product in self.products if product.phase_id == last]

    @property
    def left_out(self) -> dict[str, int]:
        """How many of the present products show their originals in every arm, by why."""
        reasons = (self._reason(product) for product in self.current)
        return dict(Counter(reason for reason in reasons if reason))

    @property
    def scores(self) -> dict[tuple[int, Key], Shown]:
        """Scores of what each arm shows, by arm and picture; the last phase's where they differ."""
        return {
            (arm, key_of(product)): shown
            for product in self.products
            for arm, shown in self.shown.get(product.pk, {}).items()
        }

    def names(self) -> dict[Key, str]:
        """What the shop calls each picture's row; its file's name where that fails."""
        found: dict[Key, str] = {}
        for product in self.products:
            files = [item["variant__source_name"] for item in self._variants(product)]
            found[key_of(product)] = next(filter(None, files), str(product.object_id))
        found.update(_host_names(self.products))
        return found

    def _variants(self, product: PhaseProduct) -> list[Shown]:
        return list(self.shown.get(product.pk, {}).values())

    def _reason(self, product: PhaseProduct) -> str:
        if product.left_out_at is not None:
            return product.left_out_because
        variants = self._variants(product)
        if any(item["variant"] is None or item["variant__retired_at"] for item in variants):
            return RETIRED
        return "" if all(map(_is_published, variants)) else WITHDRAWN


def enrolment_of(alias: str, phases: Sequence[Phase]) -> Enrolment:
    """Read them. Two queries."""
    products = PhaseProduct.objects.using(alias).filter(phase__in=phases).order_by("pk")
    shown: dict[int, dict[int, Shown]] = defaultdict(dict)
    rows = PhaseVariant.objects.using(alias).filter(product__phase__in=phases)
    for row in rows.values(
        "product_id",
        "arm_id",
        "variant",
        "variant__source_name",
        "variant__status",
        "variant__review",
        "variant__published_at",
        "variant__retired_at",
        **{name: models.F(f"variant__{name}") for name in SCORES},
    ):
        shown[row["product_id"]][row["arm_id"]] = row
    return Enrolment(phases=phases, products=list(products), shown=shown)


def _is_published(item: Shown) -> bool:
    return bool(
        item["variant__status"] == Status.READY
        and item["variant__review"] == Review.APPROVED
        and item["variant__published_at"]
    )


def _host_names(products: Sequence[PhaseProduct]) -> dict[Key, str]:
    """By the rows themselves: one query for each model that holds pictures."""
    by_kind: dict[int, list[PhaseProduct]] = defaultdict(list)
    for product in products:
        by_kind[product.content_type_id].append(product)
    found: dict[Key, str] = {}
    for kind, items in by_kind.items():
        try:
            names = _names_of(kind, {item.object_id for item in items}, items[0]._state.db)
        except Exception:  # the host's own code; a report does without its names
            logger.exception("the products of content type %s could not be named", kind)
            continue
        found |= {key_of(item): names[item.object_id] for item in items if item.object_id in names}
    return found


def _names_of(kind: int, keys: set[str], alias: str | None) -> dict[str, str]:
    model = ContentType.objects.db_manager(alias).get_for_id(kind).model_class()
    if model is None:
        return {}
    # With its parents: many a name of a picture is that of its product.
    parents = [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and not field.null
    ]
    rows = (
        model._base_manager.using(alias).select_related(*parents)
        if parents
        else (model._base_manager.using(alias))
    )
    return {str(row.pk): str(row) for row in rows.in_bulk(list(keys)).values()}
