"""The chance of approval of a variant, by what this shop's people decided before."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import router

from shop_style.exceptions import UnknownEngine
from shop_style.generation.databases import variant_databases
from shop_style.models import AcceptanceModel, Status, Style, StyleVariant
from shop_style.models.variant import Review
from styleeval.acceptance.errors import CardUnreadable, ModelUnreadable, ModeNotLearned
from styleeval.acceptance.prediction import predict

logger = logging.getLogger(__name__)

SECONDS: Final = 30.0
"""How old a process's copy of the newest model may be."""

_BATCH: Final = 500


@dataclass
class _Held:
    parameters: dict[str, Any] | None = None
    read_at: float | None = None


_held = _Held()


def newest_parameters() -> dict[str, Any] | None:
    """Of the newest model, None before the first. At most one query every SECONDS."""
    now = time.monotonic()
    if _held.read_at is None or now - _held.read_at >= SECONDS:
        rows = AcceptanceModel.objects.using(router.db_for_write(AcceptanceModel))
        _held.parameters = rows.order_by("-pk").values_list("parameters", flat=True).first()
        _held.read_at = now
    return _held.parameters


def forget_parameters() -> None:
    """Read the newest model again at the next call."""
    _held.parameters, _held.read_at = None, None


def chance_of_approval(card: Mapping[str, Any] | None, mode: str) -> float | None:
    """What the newest model says of a scorecard; it decides nothing.

    None where nothing was learned yet: no model, none of this version, none of this mode.
    """
    parameters = newest_parameters()
    if parameters is None or card is None:
        return None
    try:
        return predict(parameters, card, mode)
    except (ModeNotLearned, CardUnreadable):
        return None
    except ModelUnreadable as error:
        logger.warning("%s; run fit_acceptance", error)
        return None


def rescore() -> int:
    """Ask the newest model about every variant that waits for a decision. How many it spoke of.

    What was decided keeps what it was told before.
    """
    forget_parameters()
    return sum(_rescore(alias) for alias in variant_databases())


def _rescore(alias: str) -> int:
    modes = modes_in(alias)
    waiting = (
        StyleVariant.objects.using(alias)
        .live()
        .filter(status=Status.READY, review=Review.UNREVIEWED)
        .order_by("pk")
    )
    last, known = 0, 0
    while True:
        rows = list(waiting.filter(pk__gt=last).values_list("pk", "style_id", "scorecard")[:_BATCH])
        if not rows:
            return known
        made = [
            StyleVariant(pk=pk, acceptance=chance_of_approval(card, modes.get(style, "")))
            for pk, style, card in rows
        ]
        StyleVariant.objects.using(alias).bulk_update(made, ["acceptance"], batch_size=_BATCH)
        known += sum(item.acceptance is not None for item in made)
        last = rows[-1][0]


def modes_in(alias: str) -> dict[int, str]:
    """The gate's mode of each style of a database; without those whose engine is gone."""
    found = {}
    for style in Style.objects.using(alias):
        try:
            found[style.pk] = style.gate_mode
        except UnknownEngine:
            logger.warning("style %s: engine %s is not installed", style.slug, style.engine)
    return found
