"""A style out of use, and back: no new variants are asked for in it while it is retired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from shop_style.exceptions import StyleInUse
from shop_style.generation.databases import variant_databases
from shop_style.generation.retire import retire
from shop_style.generation.review import withdraw
from shop_style.models import Arm, AuditEntry, Experiment, Status, Style, StyleVariant
from styleeval.sentence import said


@dataclass(frozen=True, kw_only=True)
class Retirement:
    """What retiring a style means, in numbers.

    published: variants that shoppers see; shipped: those of them that an experiment made the
    default picture. waiting: variants in the queue, which are taken out of it. running: the
    experiments that forbid it; planned: drafts that could not start.
    """

    published: int
    shipped: int
    waiting: int
    running: tuple[Experiment, ...]
    planned: tuple[Experiment, ...]


def retirement_of(style: Style) -> Retirement:
    """What retiring it would do now. Four queries, and three for each further database."""
    rows = [_variants(style, alias) for alias in variant_databases()]
    found = experiments_with(style)
    return Retirement(
        published=sum(item.published().count() for item in rows),
        shipped=sum(item.published().exclude(shipped_at=None).count() for item in rows),
        waiting=sum(_waiting(item).count() for item in rows),
        running=tuple(item for item in found if item.is_live),
        planned=tuple(item for item in found if item.state == Experiment.State.DRAFT),
    )


def retire_style(
    style: Style, *, withdraw_published: bool, actor: str, reason: str = ""
) -> Retirement:
    """Retire it. Its published variants go on serving, or are withdrawn.

    Returns what was done, in numbers. Raises StyleInUse where a running experiment shows it.
    """
    using = style._state.db
    with transaction.atomic(using=using):
        row = Style.objects.using(using).select_for_update().get(pk=style.pk)
        done = retirement_of(row)
        if done.running:
            names = ", ".join(f"“{item.name}”" for item in done.running)
            raise StyleInUse(
                said(
                    "“{style}” was not retired: the experiment {names} shows it; ship it or "
                    "revert it first, then retire the style",
                    style=style.name,
                    names=names,
                )
            )
        row.retired_at = timezone.now()
        row.save(update_fields=["retired_at", "updated_at"])
        for alias in variant_databases():
            retire(_waiting(_variants(row, alias)))
            if withdraw_published:
                published = _variants(row, alias).published().select_related("style")
                withdraw(
                    list(published), actor=actor, reason=reason or said("its style was retired")
                )
        AuditEntry.objects.record(
            "retired",
            row,
            actor=actor,
            reason=reason,
            detail={
                "published": done.published,
                "withdrawn": done.published if withdraw_published else 0,
                "taken out of the queue": done.waiting,
            },
        )
    style.retired_at = row.retired_at
    return done


def bring_back(style: Style, *, actor: str) -> int:
    """Take a retirement back. Returns how many approved variants are not published now.

    What was withdrawn stays so until somebody publishes it again.
    """
    using = style._state.db
    with transaction.atomic(using=using):
        style.retired_at = None
        style.save(update_fields=["retired_at", "updated_at"])
        AuditEntry.objects.record("brought back", style, actor=actor)
    return sum(
        _variants(style, alias)
        .live()
        .filter(status=Status.READY, review="approved", published_at=None)
        .count()
        for alias in variant_databases()
    )


def experiments_with(style: Style) -> list[Experiment]:
    """Experiments that have it as an arm, newest first."""
    using = style._state.db
    arms = Arm.objects.using(using).filter(style=style).values("experiment")
    return list(Experiment.objects.using(using).filter(pk__in=arms).order_by("-pk"))


def _variants(style: Style, alias: str) -> Any:
    # By its slug: other databases hold mirrors of the style under keys of their own.
    return StyleVariant.objects.using(alias).filter(style__slug=style.slug)


def _waiting(rows: Any) -> models.QuerySet[StyleVariant]:
    found: models.QuerySet[StyleVariant] = rows.live().filter(
        status__in=(Status.PENDING, Status.RUNNING)
    )
    return found
