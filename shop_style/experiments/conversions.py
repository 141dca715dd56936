"""What the shop's own code knows: an order was placed."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from shop_style.conf import app_settings
from shop_style.experiments.assignment import Assignment, assign
from shop_style.experiments.guard import guarded
from shop_style.experiments.hashing import order_id, tile_key
from shop_style.experiments.sinks import EventRow, store
from shop_style.experiments.snapshot import current_snapshot, experiment_database
from shop_style.experiments.visitor import (
    Visitor,
    device_class,
    edge_person,
    identify,
    known_visitor,
    user_agent,
)
from shop_style.models import Event, Kind, PhaseProduct
from shop_style.sources import pictures_of

logger = logging.getLogger(__name__)

_MOST = Decimal(10) ** 10


def record_conversion(
    visitor: HttpRequest | str,
    objects: Sequence[models.Model],
    *,
    order: str,
    values: Sequence[Decimal | float | int | None] | None = None,
) -> int:
    """Count an order for the arms of the visitor who placed it. Returns how many events are new.

    visitor: the request, or the signed visitor that a headless caller keeps. objects: products
    bought, or their picture rows. order: the shop's own number of the order; recording it twice
    counts once. values: what each product earned, in the shop's currency.
    A product counts for each experiment it takes part in and the visitor has entered. A failure
    of ours is logged and never reaches the checkout.
    """
    try:
        with guarded(experiment_database()):
            return _record(visitor, list(objects), str(order), list(values or []))
    except Exception:  # whatever it is, the shopper's order must go through
        logger.exception("the conversion of order %s was not recorded", order)
        return 0


def _record(
    visitor: HttpRequest | str, objects: list[models.Model], order: str, values: list[Any]
) -> int:
    known, device = _known(visitor)
    if known is None or not objects:
        return 0
    assignments = _assignments(known)
    if not assignments:
        return 0
    alias = experiment_database()
    worth: dict[tuple[int, str], tuple[int, Any]] = {}
    for number, item in enumerate(objects):
        value = _amount(values[number]) if number < len(values) else None
        for picture in pictures_of([item]):
            if picture.database != alias:
                continue  # row numbers start over in each database
            kind = ContentType.objects.db_manager(alias).get_for_model(type(picture.instance))
            worth.setdefault((kind.pk, str(picture.instance.pk)), (number, value))
    by_phase = {item.phase.id: item.experiment for item in assignments}
    products = PhaseProduct.objects.using(alias).filter(
        phase__in=by_phase,
        content_type__in={key[0] for key in worth},
        object_id__in={key[1] for key in worth},
        left_out_at=None,
        phase__experiment__purged_at=None,
    )
    events: dict[str, EventRow] = {}
    for product in products.order_by("pk"):
        number, value = worth.get((product.content_type_id, product.object_id), (-1, None))
        if number < 0:
            continue
        experiment = by_phase[product.phase_id]
        tile = tile_key(product.content_type_id, product.object_id, product.field)
        assignment = assign(experiment, known, tile if experiment.by_tile else "")
        if assignment is None:
            continue
        # By the object bought and not by its picture: two pictures of it are one conversion.
        bought = f"{objects[number]._meta.label_lower}:{objects[number].pk}"
        named = ("order", assignment.phase.id, assignment.visitor, order, bought)
        identifier = order_id(experiment.visitor_salt, *named)
        event = _event(identifier, assignment, product, value, device)
        events.setdefault(identifier, event)
    return len(store(alias, list(events.values())))


def _amount(value: Any) -> Decimal | None:
    """The value as its column takes it; None, and logged, for what it does not."""
    if value is None:
        return None
    try:
        amount = round(Decimal(str(value)), 2)
        if abs(amount) < _MOST:
            return amount
    except (InvalidOperation, ValueError):
        pass
    logger.warning("a conversion's value %r is left out; it is no amount", value)
    return None


def _known(visitor: HttpRequest | str) -> tuple[Visitor | None, str]:
    if isinstance(visitor, str):
        return known_visitor(visitor), ""
    found: Visitor | None = identify(visitor)
    if found is not None and found.bucket is not None:
        found = edge_person(visitor)
    if found is not None and found.excluded:
        found = None
    return found, device_class(user_agent(visitor))


def _assignments(visitor: Visitor) -> list[Assignment]:
    """Experiments that the visitor has entered; a new one is not entered by buying."""
    oldest = time.time() - app_settings().CONVERSION_DAYS * 86_400
    open_ones = (
        item
        for item in current_snapshot().experiments
        if item.ended is None or item.ended >= oldest
    )
    found = (assign(item, visitor) for item in open_ones)
    entered = [item for item in found if item is not None and not item.is_new]
    return entered if visitor.bucket is None else [item for item in entered if _was_seen(item)]


def _was_seen(assignment: Assignment) -> bool:
    """Has a page reported of this visitor? An edge's bucket says nothing of who has entered."""
    rows = Event.objects.using(experiment_database())
    return rows.filter(phase=assignment.phase.id, visitor=assignment.visitor).exists()


def _event(
    identifier: str, assignment: Assignment, product: PhaseProduct, value: Any, device: str
) -> EventRow:
    return EventRow(
        event_id=identifier,
        experiment_id=assignment.experiment.id,
        phase_id=assignment.phase.id,
        arm_id=assignment.arm.id,
        product_id=product.pk,
        visitor=assignment.visitor,
        kind=Kind.CONVERSION.value,
        value=value,
        device=device,
        at=timezone.now(),
    )
