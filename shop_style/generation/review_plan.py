"""What a review step would do to variants, in numbers, without doing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from shop_style.models import Status, StyleVariant
from shop_style.models.variant import Review

_KEYS_A_QUERY: Final = 400


@dataclass(frozen=True, kw_only=True)
class StepPlan:
    """What a step would do now.

    ready: how many would take it. failed_gate: of the ready ones of an approval, those that
    need its reason. leave_shop: published ones that shoppers would not see any more. replaced:
    published ones that others would take the place of, for good. skipped: how many would not take
    it, by why. products: host rows that the ready ones are of.
    """

    step: str
    ready: int
    failed_gate: int
    leave_shop: int
    replaced: int
    products: int
    skipped: Sequence[tuple[str, int]]

    @property
    def total(self) -> int:
        """All that were chosen."""
        return self.ready + sum(number for _why, number in self.skipped)

    @property
    def changes_shop(self) -> bool:
        """Would shoppers see other pictures than now?"""
        return bool(self.leave_shop or self.replaced or (self.step == "publish" and self.ready))


def plan_step(step: str, variants: Iterable[StyleVariant], *, reason: str = "") -> StepPlan:
    """The plan for these variants. reason: without one, what failed its gate is not approved."""
    skipped: Counter[str] = Counter()
    ready: list[StyleVariant] = []
    for variant in variants:
        why = why_not(step, variant, reason=reason)
        if why:
            skipped[why] += 1
        else:
            ready.append(variant)
    failed = sum(variant.passed is False for variant in ready) if step == "approve" else 0
    leaving = step in ("reject", "withdraw")
    return StepPlan(
        step=step,
        ready=len(ready),
        failed_gate=failed,
        leave_shop=sum(variant.is_published for variant in ready) if leaving else 0,
        replaced=replaced_by(ready) if step == "publish" else 0,
        products=len({(row.content_type_id, row.database, row.object_id) for row in ready}),
        skipped=skipped.most_common(),
    )


def why_not(step: str, variant: StyleVariant, *, reason: str = "") -> str:
    """Why a variant does not take a step, in short; empty where it does."""
    if variant.retired_at:
        return _("retired: its picture was replaced or deleted, or another took its place")
    if variant.status != Status.READY:
        return {
            Status.FAILED.value: _("failed to render; try it again first"),
            Status.RUNNING.value: _("being rendered just now"),
        }.get(variant.status, _("waiting to be rendered"))
    if step == "approve" and variant.review == Review.APPROVED:
        return _("approved already")
    if step == "approve" and variant.passed is False and not reason.strip():
        return _("failed the gate; a reason is needed to approve it all the same")
    if step == "publish" and variant.review != Review.APPROVED:
        return _("not approved; approve it first")
    if step == "publish" and variant.published_at:
        return _("published already")
    if step == "withdraw" and not variant.published_at:
        return _("not published")
    return ""


def replaced_by(ready: Sequence[StyleVariant]) -> int:
    """Published siblings of these, and all but the newest of those that are of one picture."""
    keys = Counter(_key(row) for row in ready)
    own = {row.pk for row in ready}
    number = sum(count - 1 for count in keys.values())
    by_alias: dict[str, list[StyleVariant]] = {}
    for row in ready:
        by_alias.setdefault(row._state.db or "default", []).append(row)
    for alias, rows in by_alias.items():
        objects = sorted({row.object_id for row in rows})
        styles = {row.style_id for row in rows}
        for start in range(0, len(objects), _KEYS_A_QUERY):
            there = (
                StyleVariant.objects.using(alias)
                .live()
                .filter(
                    published_at__isnull=False,
                    style__in=styles,
                    object_id__in=objects[start : start + _KEYS_A_QUERY],
                )
                .only("content_type_id", "object_id", "database", "field", "style_id")
            )
            number += sum(_key(row) in keys and row.pk not in own for row in there)
    return number


def _key(row: StyleVariant) -> tuple[Any, ...]:
    return (row.content_type_id, row.object_id, row.database, row.field, row.style_id)
