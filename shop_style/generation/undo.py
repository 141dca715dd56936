"""Taking a decision about a variant back: its row is as it was before, and the trail says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from shop_style.exceptions import ReviewError
from shop_style.generation.review import (
    FORMER,
    digests,
    lock_siblings,
    not_reviewable,
    siblings,
)
from shop_style.models import AuditEntry, StyleVariant
from shop_style.models.variant import Review
from shop_style.signals import variant_published
from styleeval.sentence import said

DECISIONS = {"approved": Review.APPROVED, "rejected": Review.REJECTED}
"""The verbs of the trail that can be undone, with what they left."""


@dataclass(frozen=True, kw_only=True)
class Undone:
    """What was taken back. left: what could not be, in words; empty when all was."""

    verb: str
    left: str = ""


def undo(variant: StyleVariant, *, actor: str, may_publish: bool) -> Undone:
    """Put a variant back to what it was before this person's last decision about it.

    may_publish: may a publication come back that a rejection ended? It does only while no other
    variant of the same picture and style is published. Raises ReviewError when the decision is
    somebody else's, or when something was done to the variant since.
    """
    why_not = not_reviewable(variant)
    if why_not:
        raise ReviewError(
            said(
                "{variant}: its decision cannot be undone: {why}",
                variant=variant,
                why=why_not,
            )
        )
    alias = variant._state.db
    with transaction.atomic(using=alias):
        lock_siblings(variant)
        row = StyleVariant.objects.using(alias).get(pk=variant.pk)
        entry = _last_decision(row, actor)
        former = _former(entry.detail["former"])
        published, shipped = former.pop("published_at"), former.pop("shipped_at")
        returns = entry.verb == "rejected" and published is not None
        left = _cannot_return(row, may_publish) if returns else ""
        if returns and not left:
            former |= {"published_at": published, "shipped_at": shipped}
        for name, value in (former | {"updated_at": timezone.now()}).items():
            setattr(row, name, value)
            setattr(variant, name, value)
        row.save(using=alias, update_fields=[*former, "updated_at"])
        detail = {"verb": entry.verb, "entry": entry.pk, "left": left, **digests(row)}
        AuditEntry.objects.record("undone", row, actor=actor, detail=detail)
        if returns and row.is_published:
            transaction.on_commit(
                lambda: variant_published.send(StyleVariant, variant=row), using=alias, robust=True
            )
    return Undone(verb=entry.verb, left=left)


def _last_decision(row: StyleVariant, actor: str) -> AuditEntry:
    """The entry of the decision that the row holds. Raises ReviewError."""
    entry = _last_entry(row)
    if entry is None or entry.verb not in DECISIONS or row.review != DECISIONS[entry.verb]:
        raise ReviewError(
            said("{variant}: its last step was no decision; approve or reject it anew", variant=row)
        )
    if "former" not in entry.detail:
        raise ReviewError(
            said(
                "{variant} was decided before the trail kept what it was; approve or reject it "
                "anew",
                variant=row,
            )
        )
    if entry.verb == "approved" and row.published_at and not entry.detail["former"]["published_at"]:
        raise ReviewError(said("{variant} was published since; withdraw it first", variant=row))
    if entry.actor != actor:
        raise ReviewError(
            said(
                "{variant} was decided by {who} since; approve or reject it anew",
                variant=row,
                who=entry.actor,
            )
        )
    return entry


def _last_entry(row: StyleVariant) -> AuditEntry | None:
    """The newest of the trail about it, without what was undone and the undoing itself."""
    undone: set[int] = set()
    trail = AuditEntry.objects.using(row._state.db).filter(
        target_model=row._meta.label_lower, target_id=str(row.pk)
    )
    for entry in trail.order_by("-at", "-pk"):
        if entry.verb == "undone":
            undone.add(entry.detail["entry"])
        elif entry.pk not in undone:
            return entry
    return None


def _former(told: Mapping[str, Any]) -> dict[str, Any]:
    """The columns as they were; moments are kept as text."""
    return {
        name: datetime.fromisoformat(told[name])
        if name.endswith("_at") and told[name]
        else told[name]
        for name in FORMER
    }


def _cannot_return(row: StyleVariant, may_publish: bool) -> str:
    """Why its publication stays ended; empty when it can come back."""
    if siblings(row).exclude(pk=row.pk).exclude(published_at=None).exists():
        return said(
            "It is not published again: another variant of this picture and style is by now."
        )
    if not may_publish:
        return said("It is not published again: somebody who may publish has to do that.")
    return ""
