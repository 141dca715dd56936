"""What a person decides about a rendered variant: approve, reject, publish, withdraw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import models, transaction
from django.utils import timezone

from shop_style.exceptions import ReviewError
from shop_style.generation.wording import reason_in_words
from shop_style.models import AuditEntry, Status, StyleVariant
from shop_style.models.variant import Review
from shop_style.signals import variant_published
from styleeval.sentence import gettext_noop, said

_REFUSED: Final = {
    "approved": gettext_noop("{variant} was not approved: {why}"),
    "rejected": gettext_noop("{variant} was not rejected: {why}"),
    "published": gettext_noop("{variant} was not published: {why}"),
    "withdrawn": gettext_noop("{variant} was not withdrawn: {why}"),
}


@dataclass
class ReviewReport:
    """How many took the step, and which could not and why."""

    done: int = 0
    refused: list[tuple[StyleVariant, ReviewError]] = field(default_factory=list)


def approve(variants: Iterable[StyleVariant], *, actor: str, reason: str = "") -> ReviewReport:
    """Approve what is ready. What failed its gate needs a reason, which the trail keeps."""

    def refusal(variant: StyleVariant) -> str:
        if variant.passed is False and not reason.strip():
            return said(
                "it did not pass its gate; give a reason to approve it all the same: {found}",
                found="; ".join(reason_in_words(item, variant) for item in variant.reasons),
            )
        return ""

    return _step(
        variants,
        "approved",
        refusal,
        actor=actor,
        reason=reason,
        values={"review": Review.APPROVED, "reviewed_by": actor},
        stamps=("reviewed_at",),
        detail=lambda variant: {"passed": variant.passed, **digests(variant)},
        before=_former,
    )


def reject(variants: Iterable[StyleVariant], *, actor: str, reason: str = "") -> ReviewReport:
    """Reject what is ready; a published one leaves the shop."""
    return _step(
        variants,
        "rejected",
        lambda variant: "",
        actor=actor,
        reason=reason,
        values={
            "review": Review.REJECTED,
            "reviewed_by": actor,
            "published_at": None,
            "shipped_at": None,
        },
        stamps=("reviewed_at",),
        detail=digests,
        before=_former,
    )


def publish(variants: Iterable[StyleVariant], *, actor: str, reason: str = "") -> ReviewReport:
    """Show approved variants to shoppers, each in place of its picture's older one."""
    # Oldest first: of two for the same picture and style, the newer one stays.
    report = _step(
        sorted(variants, key=lambda variant: variant.pk),
        "published",
        lambda variant: "" if variant.review == Review.APPROVED else said("approve it first"),
        actor=actor,
        reason=reason,
        values={},
        stamps=("published_at",),
        detail=digests,
        before=lock_siblings,
        afterwards=_supersede,
    )
    return report


def withdraw(variants: Iterable[StyleVariant], *, actor: str, reason: str = "") -> ReviewReport:
    """Take published variants out of the shop; they stay approved."""
    return _step(
        variants,
        "withdrawn",
        lambda variant: (
            "" if variant.published_at else said("it is not published; leave it as it is")
        ),
        actor=actor,
        reason=reason,
        values={"published_at": None, "shipped_at": None},
        stamps=(),
        detail=digests,
    )


def _step(
    variants: Iterable[StyleVariant],
    verb: str,
    refusal: Any,
    *,
    actor: str,
    reason: str,
    values: dict[str, Any],
    stamps: tuple[str, ...],
    detail: Any,
    before: Any = None,
    afterwards: Any = None,
) -> ReviewReport:
    report = ReviewReport()
    for variant in variants:
        why_not = not_reviewable(variant) or refusal(variant)
        if why_not:
            report.refused.append(
                (
                    variant,
                    ReviewError(said(_REFUSED[verb], variant=variant, why=why_not)),
                )
            )
            continue
        now = timezone.now()
        changes = {**values, **dict.fromkeys(stamps, now), "updated_at": now}
        alias = variant._state.db
        with transaction.atomic(using=alias):
            noted = before(variant) if before else {}
            # Conditional: a picture replaced a moment ago has retired the variant.
            changed = (
                StyleVariant.objects.using(alias)
                .filter(
                    pk=variant.pk,
                    status=Status.READY,
                    retired_at=None,
                    review=variant.review,
                    image=variant.image.name,
                )
                .update(**changes)
            )
            if not changed:
                report.refused.append(
                    (
                        variant,
                        ReviewError(
                            said(
                                "{variant} changed meanwhile; reload and look again",
                                variant=variant,
                            )
                        ),
                    )
                )
                continue
            for name, value in changes.items():
                setattr(variant, name, value)
            AuditEntry.objects.record(
                verb, variant, actor=actor, reason=reason, detail={**detail(variant), **noted}
            )
            if afterwards:
                afterwards(variant, actor)
        report.done += 1
    return report


def not_reviewable(variant: StyleVariant) -> str:
    """Why no step can be taken for it; empty for none."""
    if variant.retired_at:
        return said(
            "it is retired: its picture was replaced or deleted, or another took its place; "
            "ask for it anew on its product's page"
        )
    if variant.status == Status.FAILED:
        return said("it has failed; try it again first")
    if variant.status != Status.READY:
        status = variant.get_status_display()
        return said("it is {status}, not ready; wait for a worker", status=status)
    return ""


def digests(variant: StyleVariant) -> dict[str, Any]:
    """Of which picture and which recipe it was, for the trail."""
    return {"source": variant.source_digest, "recipe": variant.recipe_digest}


def siblings(variant: StyleVariant) -> models.QuerySet[StyleVariant]:
    """Live variants of the same picture in the same style."""
    return (
        StyleVariant.objects.using(variant._state.db)
        .live()
        .filter(
            content_type_id=variant.content_type_id,
            object_id=variant.object_id,
            database=variant.database,
            field=variant.field,
            style_id=variant.style_id,
        )
    )


def lock_siblings(variant: StyleVariant) -> dict[str, Any]:
    """Two people who publish at once take turns, so that one variant is left published.

    Returns nothing that the trail should note.
    """
    list(siblings(variant).order_by("pk").select_for_update().values_list("pk"))
    return {}


FORMER = ("review", "reviewed_by", "reviewed_at", "published_at", "shipped_at")
"""What a decision changes, and the trail keeps as it was: `generation.undo` puts it back."""


def _former(variant: StyleVariant) -> dict[str, Any]:
    """As the row is now: the one in hand may be older than its publication."""
    rows = StyleVariant.objects.using(variant._state.db).select_for_update()
    values = rows.filter(pk=variant.pk).values(*FORMER).first() or {}
    told = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
    }
    return {"former": told}


def _supersede(variant: StyleVariant, actor: str) -> None:
    """Retire what this one replaces. Files stay until pruning: pages in caches name them."""
    for row in siblings(variant).exclude(pk=variant.pk).exclude(published_at=None):
        if row.shipped_at and not variant.shipped_at:
            # The style is the product's default picture, whichever variant shows it.
            variant.shipped_at = row.shipped_at
            StyleVariant.objects.using(variant._state.db).filter(pk=variant.pk).update(
                shipped_at=row.shipped_at
            )
        StyleVariant.objects.using(variant._state.db).filter(pk=row.pk).update(
            retired_at=timezone.now(), updated_at=timezone.now()
        )
        AuditEntry.objects.record(
            "superseded", row, actor=actor, detail={"by": variant.pk, **digests(row)}
        )
    transaction.on_commit(
        lambda: variant_published.send(StyleVariant, variant=variant),
        using=variant._state.db,
        robust=True,
    )
