"""Review steps of the variant pages: who may take which, and what is said of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from shop_style.generation import review
from shop_style.generation.review import ReviewReport
from shop_style.models import Status, StyleVariant
from shop_style.models.variant import Review
from shop_style.words import in_words

REFUSALS_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing a reviewer can do. permission: codename without the model's name."""

    name: str
    label: Any
    permission: str
    take: Callable[..., ReviewReport]
    done: Any


STEPS = {
    step.name: step
    for step in (
        Step(
            name="approve",
            label=_("Approve"),
            permission="approve",
            take=review.approve,
            done=ngettext_lazy("%d variant was approved.", "%d variants were approved."),
        ),
        Step(
            name="reject",
            label=_("Reject"),
            permission="approve",
            take=review.reject,
            done=ngettext_lazy("%d variant was rejected.", "%d variants were rejected."),
        ),
        Step(
            name="publish",
            label=_("Publish"),
            permission="publish",
            take=review.publish,
            done=ngettext_lazy("%d variant was published.", "%d variants were published."),
        ),
        Step(
            name="withdraw",
            label=_("Withdraw"),
            permission="publish",
            take=review.withdraw,
            done=ngettext_lazy("%d variant was withdrawn.", "%d variants were withdrawn."),
        ),
    )
}


class ReviewActionForm(ActionForm):
    """The list's action form, with the reason that overruling a gate needs."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"size": 24, "placeholder": _("kept in the audit trail")}),
    )


def steps_open_to(request: HttpRequest, variant: StyleVariant) -> list[Step]:
    """The steps this person may take and this variant can take now."""
    if variant.status != Status.READY or variant.retired_at:
        return []
    possible = {
        "approve": variant.review != Review.APPROVED,
        "reject": variant.review != Review.REJECTED,
        "publish": variant.review == Review.APPROVED and not variant.published_at,
        "withdraw": bool(variant.published_at),
    }
    return [step for step in STEPS.values() if possible[step.name] and may_take(step, request)]


def may_take(step: Step, request: HttpRequest) -> bool:
    """Has this person the step's permission?"""
    return request.user.has_perm(f"shop_style.{step.permission}_stylevariant")


def take(
    model_admin: admin.ModelAdmin[StyleVariant],
    request: HttpRequest,
    step: Step,
    variants: Iterable[StyleVariant],
) -> None:
    """Take a step for these variants and tell what came of it."""
    report = step.take(
        variants,
        actor=request.user.get_username(),
        reason=request.POST.get("reason", "").strip(),
    )
    if report.done:
        text = step.done % report.done
        model_admin.message_user(request, text, messages.SUCCESS)
    for _variant, error in report.refused[:REFUSALS_SHOWN]:
        model_admin.message_user(request, in_words(error), messages.ERROR)
    more = len(report.refused) - REFUSALS_SHOWN
    if more > 0:
        text = ngettext("%d more was refused.", "%d more were refused.", more) % more
        model_admin.message_user(request, text, messages.ERROR)
